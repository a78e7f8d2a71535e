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

/// Files that were read to their end may have grown since.
void Chain::hold_past(const std::vector<Sibling> &siblings, Clock::time_point now) {
    for (const auto &file : past) {
        for (const Sibling &sibling : siblings) {
            if (!file->content && same_file(file->place, sibling.status) && !sibling.compressed &&
                sibling.status.size > file->place.state.offset)
                take(*file, sibling, now);
        }
    }
}

/// Opens what `file` describes, and what was rotated after it.
Result<void> Chain::find_rest(ChainFile &file, const std::string &path, const Match *live,
                              const std::vector<Match> &others, ChainFiles &between,
                              Clock::time_point now) {
    const FileIdentity live_id = live == nullptr ? FileIdentity{} : live->status.id;
    Sibling opened; // as it was opened last
    opened.path = file.path;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        vanished_ = false;
        auto siblings = siblings_of(file, path, others);
        if (!siblings)
            return std::unexpected(siblings.error());
        for (Sibling &sibling : *siblings)
            sibling.rotated = sibling.rotated || same_file(file.place, sibling.status);
        // Of a file of which nothing was read, all of it may be in copies by now.
        if (!file.content && file.place.fingerprint.known()) {
            // What all such files begin with tells none from the other: the earliest, then.
            const bool found =
                is_barely_read(file.place) && take_by_content(file, *siblings, live_id, true, now);
            const auto status = status_of(AT_FDCWD, opened.path);
            if (status)
                opened.status = *status;
            if (!found && status && status->id != live_id && same_file(file.place, *status))
                take(file, opened, now);
            if (!file.content && !take_by_identity(file, *siblings, now))
                take_by_content(file, *siblings, live_id, false, now);
        }
        hold_past(*siblings, now);
        between = unseen(*siblings, file, live_id, now);
        if (!vanished_)
            break;
    }
    return {};
}

Result<void> Chain::resume(const FileRecord &record, const Match *live,
                           const std::vector<Match> &others, Clock::time_point now) {
    std::unique_ptr<ChainFile> named;
    FileStatus status;
    if (live != nullptr) {
        auto content = open(live->path, false);
        if (!content)
            return std::unexpected(content.error());
        const auto asked = status_of(content->fd());
        if (!asked)
            return fail_errno(escape_path(live->path));
        status = *asked;
        named = open_chain_file(std::move(*content), status, live->path, now);
    }
    auto file = closed_file(record.place);
    file->path = record.file;
    file->modified = record.modified;
    file->since = record.since;
    past.clear();
    std::ranges::transform(record.past, std::back_inserter(past), closed_file);

    const bool untouched = !file->place.fingerprint.known() && file->place.state.offset == 0;
    const bool fits = named && belongs(file->place, status, named->content);
    bool is_live = fits && same_file(file->place, status);
    ChainFiles between;
    const std::string &path = live == nullptr ? record.file : live->path;
    // What was read is what all such files begin with: one that was cut and written anew, too.
    if (is_live && is_barely_read(file->place)) {
        const auto siblings = siblings_of(*file, path, others);
        is_live = !siblings || !take_by_content(*file, *siblings, status.id, true, now);
        file->content = FileContent();
    }
    if (!is_live) {
        if (auto found = find_rest(*file, path, live, others, between, now); !found)
            return found;
    } else if (!past.empty()) {
        if (const auto siblings = siblings_of(*file, path, others))
            hold_past(*siblings, now);
    }
    // Another file of that content: it was brought here from elsewhere.
    if (is_live || (fits && !file->content && file->place.anchor.at >= Anchor::most)) {
        named->place.fingerprint = file->place.fingerprint;
        named->place.anchor = file->place.anchor;
        named->place.state = file->place.state;
        files.push_back(std::move(named));
        return {};
    }
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
    return {};
}

} // namespace hostav
