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

/// Changed after we saw the file last. Copying and compressing may keep whole seconds or
/// microseconds only.
bool is_later(const Sibling &sibling, const ChainFile &file) {
    const std::int64_t changed = sibling.status.modified;
    for (const std::int64_t unit : {std::int64_t{1'000'000'000}, std::int64_t{1'000}})
        if (changed % unit == 0)
            return changed >= file.modified / unit * unit;
    return changed >= file.modified;
}

} // namespace

Result<FileContent> Chain::open(const std::string &path, bool compressed) {
    auto fd = open_regular(AT_FDCWD, path);
    if (!fd) {
        vanished_ = vanished_ || errno == ENOENT;
        return fail(escape_path(path), fd.error().why);
    }
    return FileContent(std::move(*fd), compressed);
}

bool Chain::knows(const FileIdentity &id, const FileContent &content) const {
    const auto is_it = [&](const auto &file) {
        // The number of a file that is not held may be another one's by now.
        return (file->place.id == id && file->content) || is_copy(*file, content);
    };
    return std::ranges::any_of(files, is_it) || std::ranges::any_of(past, is_it);
}

// ---- finding files again

bool Chain::take(ChainFile &file, const Sibling &sibling, Clock::time_point now) {
    auto content = open(sibling.path, sibling.compressed);
    if (!content)
        return false;
    const auto status = status_of(content->fd());
    if (!status)
        return false;
    const bool untouched = !file.place.fingerprint.known() && file.place.state.offset == 0;
    if (!(untouched && same_file(file.place, *status)) && !belongs(file.place, *status, *content))
        return false;
    file.content = std::move(*content);
    file.place.id = status->id;
    file.place.born = status->born;
    file.path = sibling.path;
    file.size = status->size;
    file.modified = status->modified;
    file.grown = file.unread_since = now;
    file.wait = ChainFile::Wait::nothing;
    return true;
}

bool Chain::take_by_identity(ChainFile &file, const std::vector<Sibling> &siblings,
                             Clock::time_point now) {
    return std::ranges::any_of(siblings, [&](const Sibling &sibling) {
        return same_file(file.place, sibling.status) && take(file, sibling, now);
    });
}

bool Chain::take_by_content(ChainFile &file, const std::vector<Sibling> &siblings,
                            const FileIdentity &live, bool only_later, Clock::time_point now) {
    if (!file.place.fingerprint.known())
        return false;
    // Where many begin alike, the earliest that can be it: what is read twice is not lost.
    for (const bool later : {true, false}) {
        if (!later && only_later)
            break;
        for (const Sibling &sibling : siblings) {
            if (is_later(sibling, file) == later && sibling.status.id != live &&
                !is_anothers(sibling, file) && take(file, sibling, now))
                return true;
        }
    }
    return false;
}

/// Whether it is, or is a copy of, another file than this one that is or was read.
bool Chain::is_anothers(const Sibling &sibling, const ChainFile &file) {
    const auto content = open(sibling.path, sibling.compressed);
    const auto is_it = [&](const auto &other) {
        return other.get() != &file && is_copy(*other, *content);
    };
    return content && (std::ranges::any_of(files, is_it) || std::ranges::any_of(past, is_it));
}

ChainFiles Chain::unseen(const std::vector<Sibling> &siblings, const ChainFile &after,
                         const FileIdentity &live, Clock::time_point now) {
    ChainFiles found;
    const auto last = std::ranges::find_if(
        siblings, [&](const Sibling &sibling) { return sibling.status.id == after.place.id; });
    const bool listed = after.content && last != siblings.end();
    for (auto it = listed ? std::next(last) : siblings.begin(); it != siblings.end(); ++it) {
        const FileStatus &status = it->status;
        if (status.id == live)
            break; // renamed meanwhile: what is later than that comes later
        const bool is_other = it->suffix == it->path;
        if (!it->rotated || (!is_other && source_->is_matched(it->path)) ||
            (!listed && !is_later(*it, after)) || (status.born != 0 && status.born < after.since))
            continue;
        auto content = open(it->path, it->compressed);
        if (!content) {
            if (!vanished_)
                source_->complain(it->path, content.error().text());
            continue;
        }
        const auto is_it = [&](const auto &file) { return is_copy(*file, *content); };
        if (knows(status.id, *content) || std::ranges::any_of(found, is_it) ||
            (after.content && is_copy(after, *content)))
            continue;
        content->rest();
        auto file = open_chain_file(std::move(*content), status, it->path, now);
        // A copy is younger than what comes after it.
        file->since = after.since;
        // Until it is read, only that tells its copies.
        const auto fingerprint = Fingerprint::of(file->content, source_->options.fingerprint_first,
                                                 source_->options.fingerprint_last, true);
        file->place.fingerprint = fingerprint.value_or(Fingerprint{});
        if (it->compressed && !fingerprint)
            continue; // nothing is in it
        found.push_back(std::move(file));
    }
    return found;
}

Result<std::vector<Sibling>> Chain::siblings_of(const ChainFile &last, const std::string &path,
                                                const std::vector<Match> &others) const {
    auto found = find_siblings(path, last.place.id);
    if (!found)
        return found;
    // Where only the newest match is followed, those that were made since are between.
    for (const Match &other : others) {
        if (other.status.born <= last.modified)
            continue;
        Sibling sibling;
        sibling.path = sibling.suffix = other.path;
        sibling.status = other.status;
        sibling.rotated = true;
        found->push_back(std::move(sibling));
    }
    std::ranges::stable_sort(*found,
                             [](const Sibling &a, const Sibling &b) { return a.before(b); });
    return found;
}

// ---- the path names something else

Result<void> Chain::begin(const Match &live, bool from_end, Clock::time_point now) {
    auto content = open(live.path, false);
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
    auto content = open(live.path, false);
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
    if (!files.empty()) {
        ChainFile &last = *files.back();
        for (int attempt = 0; attempt < most_attempts; ++attempt) {
            vanished_ = false;
            const auto siblings = siblings_of(last, live.path, others);
            if (!siblings)
                return std::unexpected(siblings.error());
            between = unseen(*siblings, last, status->id, now);
            if (vanished_)
                continue;
            // Written anew by an editor, or brought here from elsewhere: not a rotation.
            const bool rotated = std::ranges::any_of(*siblings, [&](const Sibling &sibling) {
                return sibling.status.id == last.place.id;
            });
            if (!rotated && last.place.anchor.at >= Anchor::most && status->size >= last.size &&
                belongs(last.place, *status, *content)) {
                last.content = std::move(*content);
                last.place.id = status->id;
                last.place.born = status->born;
                last.watch = -1;
                return {};
            }
            break;
        }
    }
    std::ranges::move(between, std::back_inserter(files));
    files.push_back(open_chain_file(std::move(*content), *status, live.path, now));
    return {};
}

bool Chain::has_new_copy() {
    ChainFile &last = *files.back();
    const auto siblings = find_siblings(last.path, last.place.id);
    if (!siblings)
        return false;
    const Fingerprint known = last.place.fingerprint;
    if (!known.known())
        last.place.fingerprint = Fingerprint::of(last.content, source_->options.fingerprint_first,
                                                 source_->options.fingerprint_last, true)
                                     .value_or(Fingerprint{});
    const bool found = std::ranges::any_of(*siblings, [&](const Sibling &sibling) {
        if (!sibling.rotated || !is_later(sibling, last) || same_file(last.place, sibling.status) ||
            source_->is_matched(sibling.path) || is_anothers(sibling, last))
            return false;
        const auto content = open(sibling.path, sibling.compressed);
        // A copy of what is in it now says nothing.
        return content && !is_copy(last, *content) &&
               (!known.known() || belongs(last.place, sibling.status, *content));
    });
    last.place.fingerprint = known;
    return found;
}

Result<void> Chain::replaced(std::uint64_t read, Clock::time_point now) {
    ChainFile &old = *files.back();
    const auto status = status_of(old.content.fd());
    if (!status)
        return fail_errno(escape_path(old.path));
    FileContent content = std::move(old.content);
    old.content = FileContent();
    const std::uint64_t had = old.size;
    const std::string path = old.path;
    ChainFiles between;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        vanished_ = false;
        const auto siblings = find_siblings(path, status->id);
        if (!siblings) {
            old.content = std::move(content);
            return std::unexpected(siblings.error());
        }
        if (!old.content)
            take_by_content(old, *siblings, status->id, false, now);
        between = unseen(*siblings, old, status->id, now);
        if (!vanished_)
            break;
    }
    const bool found = static_cast<bool>(old.content);
    if (!found && had > read && (old.place.fingerprint.known() || between.empty()))
        source_->complain(path, escape_path(path) + ": was cut, and nobody has the " +
                                    std::to_string(had - read) + " bytes that were not read yet");
    auto live = open_chain_file(std::move(content), *status, path, now);
    live->watch = std::exchange(old.watch, -1);
    live->polled = std::exchange(old.polled, false);
    if (!found) {
        old.place.id = {}; // which is the live file's, now
        past.push_back(std::move(files.back()));
        files.pop_back();
    }
    std::ranges::move(between, std::back_inserter(files));
    files.push_back(std::move(live));
    return {};
}

} // namespace hostav
