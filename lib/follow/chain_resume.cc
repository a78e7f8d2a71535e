// SPDX-License-Identifier: GPL-2.0-only
//
// Going on from a record: where is the file that was being read, and what came after it?
#include "follow/chain.h"

#include "base/text.h"

#include <algorithm>
#include <fcntl.h>
#include <iterator>

namespace hostav {
namespace {

std::unique_ptr<ChainFile> closed_file(const FilePlace &place) {
    auto file = std::make_unique<ChainFile>();
    file->place = place;
    return file;
}

} // namespace

/// What is found out before anything of it counts.
struct Chain::Resumed {
    std::unique_ptr<ChainFile> file;  ///< that was being read
    std::unique_ptr<ChainFile> named; ///< by the path, if it names one
    FileStatus status;                ///< its
    bool fits = false;                ///< it has what was read of the file
    bool is_live = false;             ///< the file is that
    ChainFiles between;
};

/// A file of which its first lines were read, which has others by now and is not itself any more:
/// where no other begins so.
std::optional<std::size_t> Chain::find_grown(RotatedFiles &rotated, const ChainFile &file,
                                             const Resumed &resumed) const {
    const Fingerprint &first = file.place.fingerprint;
    const auto begins_so = [&](const ChainFile &other) {
        return &other != &file && other.place.fingerprint == first;
    };
    const auto is_other = [&](const auto &other) { return begins_so(*other); };
    if (!first.known() || !is_barely_read(file.place) || begins_so(*resumed.file) ||
        std::ranges::any_of(past, is_other) ||
        (resumed.named && first.fits(resumed.named->content).value_or(true)))
        return std::nullopt;
    std::optional<std::size_t> found;
    for (std::size_t at = rotated.first_later(); at < rotated.size(); ++at) {
        if (!rotated.belongs(file.place, at))
            continue;
        if (found)
            return std::nullopt;
        found = at;
    }
    return found;
}

/// Files that were read to their end may have grown since, compressed ones before they were.
void Chain::hold_past(RotatedFiles &rotated, const Resumed &resumed, Clock::time_point now) {
    for (const auto &file : past) {
        auto at = file->content ? std::nullopt : rotated.find(*file);
        if (!at && !file->content)
            at = find_grown(rotated, *file, resumed);
        const FileContent *content = at ? rotated.content(*at) : nullptr;
        if (content == nullptr || *at < rotated.first_later())
            continue;
        const auto more = content->text_at(file->place.state.offset, 1);
        if (more && !more->empty())
            take(*file, rotated, *at, now);
    }
}

/// Finds the file, and what was rotated after it. False when files were renamed meanwhile.
bool Chain::find_rest(Resumed &resumed, RotatedFiles rotated, Clock::time_point now) {
    ChainFile &file = *resumed.file;
    const FilePlace &place = file.place;
    const FilePlace live = resumed.named ? resumed.named->place : FilePlace{};
    const bool itself = resumed.fits && same_file(place, resumed.status);
    hold_past(rotated, resumed, now);
    const auto next = after_known(rotated, nullptr);
    auto end = rotated.size();
    if (resumed.named)
        end = end_before(rotated, *resumed.named, resumed.named->path).value_or(end);
    std::optional<std::size_t> at;
    if (!itself || is_barely_read(place))
        at = find_read(rotated, file, place, next, end, live.id);
    resumed.is_live = itself && !at;
    if (at)
        take(file, rotated, *at, now);
    // What stands between two that were read was empty then, or its first line has changed.
    if (at && last_known(rotated, nullptr))
        std::ranges::move(unseen(rotated, next, *at, file, live, now), std::back_inserter(past));
    if (resumed.is_live)
        return !rotated.vanished();
    resumed.between = unseen(rotated, at ? *at + 1 : next, end, file, live, now);
    return !rotated.vanished();
}

Result<void> Chain::resume(const FileRecord &record, const Match *live,
                           const std::vector<Match> &others, Clock::time_point now) {
    Resumed resumed;
    if (live != nullptr) {
        auto content = open(live->path);
        if (!content)
            return std::unexpected(content.error());
        const auto asked = status_of(content->fd());
        if (!asked)
            return fail_errno(escape_path(live->path));
        resumed.status = *asked;
        resumed.fits = belongs(record.place, *asked, *content);
        resumed.named = open_chain_file(std::move(*content), *asked, live->path, now);
    }
    const std::string &path = live == nullptr ? record.file : live->path;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        resumed.file = closed_file(record.place);
        resumed.file->path = record.file;
        resumed.file->modified = record.modified;
        resumed.file->since = record.since;
        past.clear();
        std::ranges::transform(record.past, std::back_inserter(past), closed_file);
        auto rotated = list(*resumed.file, path, others);
        if (!rotated)
            return std::unexpected(rotated.error());
        if (find_rest(resumed, std::move(*rotated), now))
            break;
    }
    go_on(resumed, path);
    return {};
}

/// From what was found.
void Chain::go_on(Resumed &resumed, const std::string &path) {
    auto &[file, named, status, fits, is_live, between] = resumed;
    // Another file of that content: it was brought here from elsewhere.
    if (is_live || (fits && !file->content && file->place.anchor.at >= Anchor::most)) {
        named->place.fingerprint = file->place.fingerprint;
        named->place.anchor = file->place.anchor;
        named->place.state = file->place.state;
        files.push_back(std::move(named));
        return;
    }
    const bool untouched = is_untouched(file->place);
    if (!file->content && !untouched)
        source_->complain(path, escape_path(path) +
                                    ": the file that was read before is gone; what was not read of "
                                    "it, if anything, is lost");
    if (!file->content)
        file->place.id = {};
    if (!untouched)
        (file->content ? files : past).push_back(std::move(file));
    std::ranges::move(between, std::back_inserter(files));
    if (named)
        files.push_back(std::move(named));
}

} // namespace hostav
