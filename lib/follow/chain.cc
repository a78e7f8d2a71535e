// SPDX-License-Identifier: GPL-2.0-only
#include "follow/chain.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <ranges>
#include <span>

namespace hostav {
namespace {

template <typename Files, typename Test>
auto find_file(Files &files, Test test) {
    return std::ranges::find_if(files, [&](const auto &file) { return test(*file); });
}

/// As if it had been read to its end.
std::unique_ptr<ChainFile> known_file(RotatedFiles &rotated, std::size_t at,
                                      const FileSourceOptions &options,
                                      Input::Clock::time_point now) {
    auto file = std::make_unique<ChainFile>();
    take(*file, rotated, at, now);
    file->place.fingerprint = any_fingerprint(file->content, options);
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
        FilePlace named;
        named.id = status->id;
        named.born = status->born;
        between =
            unseen(*rotated, after_known(*rotated, nullptr), rotated->size(), last, named, now);
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
        last.place.fingerprint = any_fingerprint(last.content, source_->options);
    bool found = false;
    const std::size_t end = end_before(*rotated, last, last.path).value_or(0);
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

/// Whether a file that is read before the last one has become a copy of it, `size` bytes at least:
/// it was empty when it was found.
bool Chain::has_unread_copy(const FilePlace &read, std::uint64_t size) const {
    const auto before = std::span(files).first(files.size() - 1);
    return read.fingerprint.known() && read.state.offset == 0 &&
           std::ranges::any_of(before, [&](const auto &file) {
               const auto status = file->content ? status_of(file->content.fd()) : std::nullopt;
               return status && status->size >= size && file->place.state.offset == 0 &&
                      read.fingerprint.fits(file->content).value_or(false);
           });
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
        // The earliest files are deleted first: then all others come after it.
        const auto end = end_before(*rotated, *live, path).value_or(0);
        const auto at = find_read(*rotated, old, read, next, end, status->id);
        found = at.has_value();
        if (found) {
            take(old, *rotated, *at, now);
            next = *at + 1;
        }
        between = unseen(*rotated, next, end, old, live->place, now);
        if (!rotated->vanished())
            break;
    }
    const bool in_chain = !found && has_unread_copy(read, had);
    if (!found && !in_chain && had > read.state.offset && (read.fingerprint.known() || between.empty()))
        source_->complain(path, escape_path(path) + ": was cut, and nobody has the " +
                                    std::to_string(had - read.state.offset) +
                                    " bytes that were not read yet");
    live->watch = std::exchange(old.watch, -1);
    live->polled = std::exchange(old.polled, false);
    if (!found) {
        old.place.id = {}; // which is the live file's, now
        if (read.state.offset > 0)
            past.push_back(std::move(files.back()));
        files.pop_back();
    }
    std::ranges::move(between, std::back_inserter(files));
    files.push_back(std::move(live));
    return {};
}

} // namespace hostav
