// SPDX-License-Identifier: GPL-2.0-only
//
// Which rotated file is what: the order of parts, and where in it what was read stands.
#include "follow/chain.h"

#include "base/text.h"

#include <algorithm>
#include <fcntl.h>
#include <utility>

namespace hostav {

Fingerprint any_fingerprint(const FileContent &content, const FileSourceOptions &options) {
    return Fingerprint::of(content, options.fingerprint_first, options.fingerprint_last, true)
        .value_or(Fingerprint{});
}

/// For what comes after `last`, where the path is or was `path`.
Result<RotatedFiles> Chain::list(const ChainFile &last, const std::string &path,
                                 const std::vector<Match> &others) const {
    const std::int64_t modified = last.modified;
    auto found = find_siblings(path, last.place.id);
    if (!found)
        return std::unexpected(found.error());
    bool has_last = false;
    for (Sibling &sibling : *found) {
        if (sibling.status.id == last.place.id)
            has_last = sibling.rotated = true;
    }
    // Elsewhere, where the pattern has wildcards in directories.
    if (const auto status = status_of(AT_FDCWD, last.path);
        !has_last && last.path != path && status && status->id == last.place.id) {
        Sibling sibling;
        sibling.path = sibling.suffix = last.path;
        sibling.status = *status;
        sibling.rotated = true;
        found->push_back(std::move(sibling));
    }
    // Where only the newest match is followed, those that were made since are between.
    for (const Match &other : others) {
        if (other.status.born <= modified)
            continue;
        Sibling sibling;
        sibling.path = sibling.suffix = other.path;
        sibling.status = other.status;
        sibling.rotated = true;
        found->push_back(std::move(sibling));
    }
    std::ranges::stable_sort(*found,
                             [](const Sibling &a, const Sibling &b) { return a.before(b); });
    return RotatedFiles(std::move(*found), modified);
}

/// The last of those that are known: it and what is before it is old.
std::optional<std::size_t> Chain::last_known(RotatedFiles &rotated, const ChainFile *except) const {
    std::optional<std::size_t> last;
    for (const auto *list : {&past, &files}) {
        for (const auto &file : *list) {
            const auto at = file.get() == except ? std::nullopt : rotated.find(*file);
            if (at)
                last = std::max(last.value_or(0), *at);
        }
    }
    return last;
}

/// Where what is not old begins.
std::size_t Chain::after_known(RotatedFiles &rotated, const ChainFile *except) const {
    const auto last = last_known(rotated, except);
    return last ? std::max(*last + 1, rotated.first_later()) : rotated.first_later();
}

/// Where the parts end that were in a held file before what is in it now. `path`: its name, unless
/// it was renamed, or compressed, or deleted. None when nothing of it is there any more.
std::optional<std::size_t> Chain::end_before(RotatedFiles &rotated, ChainFile &held,
                                             const std::string &path) const {
    const Fingerprint known = held.place.fingerprint;
    if (!known.known()) // copies of it are told by that
        held.place.fingerprint = any_fingerprint(held.content, source_->options);
    const auto status = status_of(AT_FDCWD, path);
    std::optional<std::size_t> end;
    if (!status || status->id != held.place.id) {
        end = rotated.find(held);
    } else {
        for (std::size_t at = 0; at < rotated.size() && !end; ++at)
            if (rotated[at].status.id == held.place.id)
                end = at;
        // The last may be a copy of it that was just made, or is being made: it is about to be cut.
        const std::size_t last = rotated.size() - 1;
        const FileContent *copy = end || rotated.size() == 0 ? nullptr : rotated.content(last);
        if (!end)
            end = copy != nullptr && is_copy(held, *copy) ? last : rotated.size();
    }
    held.place.fingerprint = known;
    return end;
}

/// Where `file` is, of which `read` was read, of the parts that begin at `next`. `live`: the file
/// that follows all parts.
std::optional<std::size_t> Chain::find_read(RotatedFiles &rotated, const ChainFile &file,
                                            const FilePlace &read, std::size_t next,
                                            std::size_t end, const FileIdentity &live) const {
    if (!read.fingerprint.known())
        return std::nullopt;
    const auto is_it = [&](std::size_t at) {
        return rotated[at].status.id != live && rotated.belongs(read, at);
    };
    const auto is_others = [&](std::size_t at) {
        return is_copy_of_one(*rotated.content(at), &file);
    };
    if (is_barely_read(read)) {
        for (std::size_t at = next; at < end; ++at) {
            const Sibling &sibling = rotated[at];
            const bool itself = same_file(read, sibling.status);
            const bool born = sibling.status.born == 0 || sibling.status.born >= file.since;
            if ((itself || born) && is_it(at) && !is_others(at))
                return at;
            if (itself || sibling.status.id == live)
                break; // later ones came later than what was cut or renamed
        }
        return std::nullopt;
    }
    for (std::size_t at = 0; at < rotated.size(); ++at)
        if (same_file(read, rotated[at].status) && is_it(at))
            return at;
    // First where it should be; clocks are set back, too.
    for (std::size_t at = next; at < rotated.size(); ++at)
        if (is_it(at) && !is_others(at))
            return at;
    for (std::size_t at = 0; at < std::min(next, rotated.size()); ++at)
        if (is_it(at) && !is_others(at))
            return at;
    return std::nullopt;
}

/// Whether nothing but its content can say that it is none of ours.
bool Chain::may_be_part(const Sibling &sibling, std::int64_t since) const {
    const bool is_other = sibling.suffix == sibling.path;
    return sibling.rotated && (is_other || !source_->is_matched(sibling.path)) &&
           (sibling.status.born == 0 || sibling.status.born >= since);
}

/// What comes after `after`.
ChainFiles Chain::unseen(RotatedFiles &rotated, std::size_t from, std::size_t to,
                         const ChainFile &after, const FilePlace &live, Clock::time_point now) {
    ChainFiles found;
    for (std::size_t at = from; at < std::min(to, rotated.size()); ++at) {
        const FileStatus status = rotated[at].status;
        if (status.id == live.id)
            break; // renamed meanwhile: what is later than that comes later
        // An empty one younger than the live file will be a copy of that (copytruncate).
        const bool begun_copy = status.size == 0 && live.born != 0 && status.born > live.born;
        if (begun_copy || !may_be_part(rotated[at], after.since))
            continue;
        const FileContent *content = rotated.content(at);
        if (content == nullptr) {
            if (!rotated.vanished() && !rotated.failure(at).empty())
                source_->complain(rotated[at].path, rotated.failure(at));
            continue;
        }
        const auto is_it = [&](const auto &file) { return is_copy(*file, *content); };
        if (knows(status.id, *content) || std::ranges::any_of(found, is_it) ||
            (after.content && is_copy(after, *content)))
            continue;
        content->rest();
        const Fingerprint fingerprint = any_fingerprint(*content, source_->options);
        if (rotated[at].compressed && !fingerprint.known())
            continue; // nothing is in it
        auto file = open_chain_file(rotated.release(at), rotated[at].status, rotated[at].path, now);
        // A copy is younger than what comes after it.
        file->since = after.since;
        file->place.fingerprint = fingerprint;
        found.push_back(std::move(file));
    }
    return found;
}

void take(ChainFile &file, RotatedFiles &rotated, std::size_t at, Input::Clock::time_point now) {
    const Sibling &sibling = rotated[at];
    file.content = rotated.release(at);
    file.place.id = sibling.status.id;
    file.place.born = sibling.status.born;
    file.path = sibling.path;
    file.size = sibling.status.size;
    file.modified = sibling.status.modified;
    file.grown = file.unread_since = now;
    file.wait = ChainFile::Wait::nothing;
    file.seen = {};
}

} // namespace hostav
