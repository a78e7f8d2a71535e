// SPDX-License-Identifier: GPL-2.0-only
#include "follow/chain.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <ranges>

namespace hostav {
namespace {

template <typename Files, typename Test>
auto find_file(Files &files, Test test) {
    return std::ranges::find_if(files, [&](const auto &file) { return test(*file); });
}

/// What tells the copies of a file of which nothing was read yet.
Fingerprint whatever_fingerprint(const FileContent &content, const FileSourceOptions &options) {
    return Fingerprint::of(content, options.fingerprint_first, options.fingerprint_last, true)
        .value_or(Fingerprint{});
}

/// As if it had been read to its end.
std::unique_ptr<ChainFile> known_file(RotatedFiles &rotated, std::size_t at,
                                      const FileSourceOptions &options,
                                      Input::Clock::time_point now) {
    auto file = std::make_unique<ChainFile>();
    take(*file, rotated, at, now);
    file->place.fingerprint = whatever_fingerprint(file->content, options);
    file->place.anchor = end_of(file->content).value_or(Anchor{});
    file->place.state.offset = file->place.anchor.at;
    file->content = FileContent();
    return file;
}

/// What it was.
std::unique_ptr<ChainFile> as_read(const ChainFile &file, const FilePlace &read) {
    auto copy = std::make_unique<ChainFile>();
    copy->place = read;
    copy->path = file.path;
    copy->modified = file.modified;
    copy->since = file.since;
    return copy;
}

bool holds(const RotatedFiles &rotated, const FileIdentity &id) {
    for (std::size_t at = 0; at < rotated.size(); ++at)
        if (rotated[at].status.id == id)
            return true;
    return false;
}

} // namespace

Result<FileContent> Chain::open(const std::string &path) const {
    auto fd = open_regular(AT_FDCWD, path);
    if (!fd)
        return fail(escape_path(path), fd.error().why);
    return FileContent(std::move(*fd), false);
}

bool Chain::is_copy_of_one(const FileContent &content, const ChainFile *except) const {
    const auto is_it = [&](const auto &file) {
        return file.get() != except && is_copy(*file, content);
    };
    return std::ranges::any_of(files, is_it) || std::ranges::any_of(past, is_it);
}

bool Chain::knows(const FileIdentity &id, const FileContent &content) const {
    // The number of a file that is not held may be another one's by now.
    const auto is_held = [&](const ChainFile &file) { return file.content && file.place.id == id; };
    return find_file(files, is_held) != files.end() || find_file(past, is_held) != past.end() ||
           is_copy_of_one(content, nullptr);
}

// ---- finding files again

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
/// it was renamed, or compressed, or deleted.
std::size_t Chain::end_before(RotatedFiles &rotated, ChainFile &held,
                              const std::string &path) const {
    const Fingerprint known = held.place.fingerprint;
    if (!known.known()) // copies of it are told by that
        held.place.fingerprint = whatever_fingerprint(held.content, source_->options);
    const auto at = rotated.find(held);
    held.place.fingerprint = known;
    if (at)
        return *at;
    // The earliest files are deleted first: then all others come after it.
    const auto status = status_of(AT_FDCWD, path);
    return status && status->id == held.place.id ? rotated.size() : 0;
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
                         const ChainFile &after, const FileIdentity &live, Clock::time_point now) {
    ChainFiles found;
    for (std::size_t at = from; at < std::min(to, rotated.size()); ++at) {
        const FileStatus status = rotated[at].status;
        if (status.id == live)
            break; // renamed meanwhile: what is later than that comes later
        if (!may_be_part(rotated[at], after.since))
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
        const Fingerprint fingerprint = whatever_fingerprint(*content, source_->options);
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

// ---- the path names something else

Result<void> Chain::begin(const Match &live, bool from_end, Clock::time_point now) {
    auto content = open(live.path);
    if (!content)
        return std::unexpected(content.error());
    const auto status = status_of(content->fd());
    if (!status)
        return fail_errno(escape_path(live.path));
    auto file = open_chain_file(std::move(*content), *status, live.path, now);
    if (from_end && status->size > 0) {
        const auto fingerprint = Fingerprint::of(file->content, source_->options.fingerprint_first,
                                                 source_->options.fingerprint_last, true);
        const auto anchor = Anchor::of(file->content, status->size);
        if (!fingerprint || !anchor || !*anchor)
            return fail(escape_path(live.path), "changes while it is looked at");
        file->place.fingerprint = *fingerprint;
        file->place.anchor = **anchor;
        file->place.state.offset = status->size;
    }
    // What was rotated just before is not told from what comes by its time.
    auto rotated = list(*file, live.path, {});
    for (std::size_t at = rotated ? rotated->first_later() : 0; rotated && at < rotated->size();
         ++at) {
        const Sibling &sibling = (*rotated)[at];
        if (sibling.status.id != status->id && may_be_part(sibling, 0) &&
            rotated->content(at) != nullptr)
            past.push_back(known_file(*rotated, at, source_->options, now));
    }
    files.push_back(std::move(file));
    return {};
}

/// The path names again what it named before: a rotation was taken back, or another match of the
/// pattern was newer for a while.
bool Chain::bring_back(const FileStatus &status, FileContent &content, const std::string &path) {
    const auto before = find_file(past, [&](const ChainFile &file) {
        return same_file(file.place, status) &&
               (file.content || belongs(file.place, status, content));
    });
    if (before == past.end())
        return false;
    auto file = std::move(*before);
    past.erase(before);
    if (!file->content)
        file->content = std::move(content);
    file->path = path;
    file->size = status.size;
    file->modified = status.modified;
    files.push_back(std::move(file));
    return true;
}

Result<void> Chain::follow(const Match &live, const std::vector<Match> &others,
                           Clock::time_point now) {
    auto content = open(live.path);
    if (!content)
        return std::unexpected(content.error());
    const auto status = status_of(content->fd());
    if (!status)
        return fail_errno(escape_path(live.path));
    if (find_file(files, [&](const ChainFile &file) { return file.place.id == status->id; }) !=
            files.end() ||
        bring_back(*status, *content, live.path))
        return {};
    ChainFiles between;
    for (int attempt = 0; attempt < most_attempts && !files.empty(); ++attempt) {
        ChainFile &last = *files.back();
        auto rotated = list(last, live.path, others);
        if (!rotated)
            return std::unexpected(rotated.error());
        // Written anew by an editor, or brought here from elsewhere: not a rotation.
        const bool renamed = last.content && holds(*rotated, last.place.id);
        between = unseen(*rotated, after_known(*rotated, nullptr), rotated->size(), last,
                         status->id, now);
        if (rotated->vanished())
            continue;
        if (!renamed && last.place.anchor.at >= Anchor::most && status->size >= last.size &&
            belongs(last.place, *status, *content)) {
            last.content = std::move(*content);
            last.place.id = status->id;
            last.place.born = status->born;
            last.watch = -1;
            return {};
        }
        break;
    }
    std::ranges::move(between, std::back_inserter(files));
    files.push_back(open_chain_file(std::move(*content), *status, live.path, now));
    return {};
}

bool Chain::has_new_copy() {
    ChainFile &last = *files.back();
    auto rotated = list(last, last.path, {});
    if (!rotated)
        return false;
    const FilePlace read = last.place;
    if (!read.fingerprint.known()) // for is_copy()
        last.place.fingerprint = whatever_fingerprint(last.content, source_->options);
    bool found = false;
    const std::size_t end = end_before(*rotated, last, last.path);
    for (std::size_t at = after_known(*rotated, &last); at < end && !found; ++at) {
        const Sibling &sibling = (*rotated)[at];
        if (!may_be_part(sibling, last.since) || (is_untouched(read) && sibling.status.size == 0))
            continue;
        const FileContent *content = rotated->content(at);
        // A copy of what is in it now says nothing.
        found = content != nullptr && !knows(sibling.status.id, *content) &&
                (is_untouched(read) || rotated->belongs(read, at));
    }
    last.place.fingerprint = read.fingerprint;
    return found;
}

Result<void> Chain::replaced(const FilePlace &read, Clock::time_point now) {
    ChainFile &old = *files.back();
    const auto status = status_of(old.content.fd());
    if (!status)
        return fail_errno(escape_path(old.path));
    auto live = open_chain_file(std::exchange(old.content, FileContent()), *status, old.path, now);
    const std::uint64_t had = old.size;
    const std::string path = old.path;
    ChainFiles between;
    bool found = false;
    const auto listed_after = as_read(old, read);
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        old.content = FileContent();
        auto rotated = list(*listed_after, path, {});
        if (!rotated) {
            old.content = std::move(live->content);
            return std::unexpected(rotated.error());
        }
        auto next = after_known(*rotated, &old);
        const auto end = end_before(*rotated, *live, path);
        const auto at = find_read(*rotated, old, read, next, end, status->id);
        found = at.has_value();
        if (found) {
            take(old, *rotated, *at, now);
            next = *at + 1;
        }
        between = unseen(*rotated, next, end, old, status->id, now);
        if (!rotated->vanished())
            break;
    }
    if (!found && had > read.state.offset && (read.fingerprint.known() || between.empty()))
        source_->complain(path, escape_path(path) + ": was cut, and nobody has the " +
                                    std::to_string(had - read.state.offset) +
                                    " bytes that were not read yet");
    live->watch = std::exchange(old.watch, -1);
    live->polled = std::exchange(old.polled, false);
    if (!found) {
        old.place.id = {}; // which is the live file's, now
        if (!is_untouched(read))
            past.push_back(std::move(files.back()));
        files.pop_back();
    }
    std::ranges::move(between, std::back_inserter(files));
    files.push_back(std::move(live));
    return {};
}

} // namespace hostav
