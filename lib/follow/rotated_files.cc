// SPDX-License-Identifier: GPL-2.0-only
#include "follow/rotated_files.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <utility>

namespace hostav {

RotatedFiles::RotatedFiles(std::vector<Sibling> siblings, std::int64_t modified) {
    constexpr std::int64_t a_second = 1'000'000'000;
    entries_.resize(siblings.size());
    for (std::size_t at = 0; at < siblings.size(); ++at)
        entries_[at].sibling = std::move(siblings[at]);
    const auto later = std::ranges::find_if(entries_, [&](const Entry &entry) {
        return entry.sibling.status.modified / a_second >= modified / a_second;
    });
    first_later_ = static_cast<std::size_t>(std::distance(entries_.begin(), later));
}

const FileContent *RotatedFiles::content(std::size_t at) {
    Entry &entry = entries_[at];
    if (!std::exchange(entry.opened, true)) {
        auto fd = open_regular(AT_FDCWD, entry.sibling.path);
        const bool gone = !fd && errno == ENOENT;
        const auto status = fd ? status_of(fd->get()) : std::nullopt;
        if (!fd)
            entry.failure = escape_path(entry.sibling.path) + ": " + fd.error().why;
        else if (status && status->id == entry.sibling.status.id)
            entry.content = FileContent(std::move(*fd), entry.sibling.compressed);
        vanished_ = vanished_ || gone || (fd && !entry.content);
        if (entry.content)
            entry.sibling.status = *status;
    }
    return entry.content ? &entry.content : nullptr;
}

FileContent RotatedFiles::release(std::size_t at) {
    return std::exchange(entries_[at].content, FileContent());
}

bool RotatedFiles::belongs(const FilePlace &place, std::size_t at) {
    const FileContent *there = content(at);
    return there != nullptr && hostav::belongs(place, entries_[at].sibling.status, *there);
}

std::optional<std::size_t> RotatedFiles::find(const ChainFile &file) {
    for (std::size_t at = 0; at < size(); ++at) {
        const FileStatus &status = entries_[at].sibling.status;
        if (file.content ? file.place.id == status.id
                         : same_file(file.place, status) &&
                               (is_untouched(file.place) || belongs(file.place, at)))
            return at;
    }
    for (std::size_t at = first_later_; at < size(); ++at) {
        const FileContent *there = content(at);
        if (there != nullptr && is_copy(file, *there))
            return at;
    }
    return std::nullopt;
}

} // namespace hostav
