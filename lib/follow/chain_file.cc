// SPDX-License-Identifier: GPL-2.0-only
#include "follow/chain_file.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace hostav {
namespace {

/// For how long it has not been written to, as far as the clocks tell: what was complete before we
/// looked need not be waited for. An hour is as good as for ever.
std::chrono::nanoseconds age_of(const FileStatus &status) {
    using namespace std::chrono;
    const auto wall = duration_cast<nanoseconds>(system_clock::now().time_since_epoch());
    return std::clamp<nanoseconds>(wall - nanoseconds(status.modified), 0ns, 1h);
}

} // namespace

std::optional<Anchor> end_of(const FileContent &content) {
    std::uint64_t size = 0;
    if (!content.compressed()) {
        const auto status = status_of(content.fd());
        size = status ? status->size : 0;
    } else {
        std::string piece;
        do {
            auto more = content.text_at(size, Fingerprint::furthest);
            if (!more)
                return std::nullopt;
            piece = std::move(*more);
            size += piece.size();
        } while (!piece.empty());
    }
    return Anchor::of(content, size).value_or(std::nullopt);
}

std::unique_ptr<ChainFile> open_chain_file(FileContent content, const FileStatus &status,
                                           const std::string &path, Input::Clock::time_point now) {
    auto file = std::make_unique<ChainFile>();
    file->content = std::move(content);
    file->place.id = status.id;
    file->path = path;
    file->size = status.size;
    file->modified = status.modified;
    file->since = file->place.born = status.born;
    file->grown = now - age_of(status);
    file->unread_since = now;
    return file;
}

bool belongs(const FilePlace &place, const FileStatus &status, const FileContent &content) {
    if (!content.compressed() && status.size < place.state.offset)
        return false;
    return place.fingerprint.fits(content).value_or(false) &&
           place.anchor.fits(content).value_or(false);
}

bool same_file(const FilePlace &place, const FileStatus &status) {
    if (place.born == 0 || status.born == 0)
        return status.id == place.id;
    return status.id.inode == place.id.inode && status.born == place.born;
}

bool is_untouched(const FilePlace &place) {
    return !place.fingerprint.known() && place.state.offset == 0;
}

std::uint64_t first_lines_end(const FilePlace &place) {
    return std::uint64_t{place.fingerprint.from} + place.fingerprint.length;
}

bool is_barely_read(const FilePlace &place) {
    return place.state.offset <= first_lines_end(place);
}

bool is_copy(const ChainFile &file, const FileContent &content) {
    if (!file.place.fingerprint.fits(content).value_or(false))
        return false;
    if (!file.content && !file.place.anchor.fits(content).value_or(false))
        return false;
    if (!file.content && !is_barely_read(file.place))
        return true;
    // The other way round it is none: a file that has but a heading yet begins as all others do.
    const auto end = end_of(content);
    if (!end)
        return false;
    return file.content ? end->fits(file.content).value_or(false)
                        : end->at == file.place.state.offset;
}

} // namespace hostav
