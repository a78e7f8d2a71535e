// SPDX-License-Identifier: GPL-2.0-only
#include "follow/file_source.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unordered_set>

namespace hostav {

using Match = PathPattern::Match;

Result<std::unique_ptr<FileSource>> FileSource::create(const FileSourceOptions &options,
                                                       FollowCommon &common) {
    if (!options.pattern.starts_with('/'))
        return fail(escape_path(options.pattern), "is not an absolute path");
    auto reader = EventReader::create(*options.format);
    if (!reader)
        return std::unexpected(reader.error());
    std::unique_ptr<FileSource> source(new FileSource(common));
    source->options = options;
    source->pattern = PathPattern(options.pattern);
    source->newest = !options.all && source->pattern.has_wildcards();
    source->reader = std::move(*reader);
    source->is_new_ = options.records.empty();
    return source;
}

void FileSource::say_once(const std::string &path, const std::string &text) {
    std::string &said = complained_[path];
    if (said != text)
        common_->complain(path, text);
    said = text;
}

// ---- looking

/// Leaves out what is no file, is compressed, or would be fed by us.
void FileSource::take_usable(std::vector<Match> &matches) {
    std::erase_if(matches, [&](const Match &match) {
        if (is_compressed_name(match.path))
            return true;
        if (!S_ISREG(match.status.mode)) {
            say_once(match.path, escape_path(match.path) + ": is not a regular file");
            return true;
        }
        const std::pair id{match.status.id.device, match.status.id.inode};
        return std::ranges::find(common_->options.own, id) != common_->options.own.end();
    });
}

void FileSource::scan(Clock::time_point now, std::vector<Input *> &appeared) {
    scan_wanted = false;
    auto found = pattern.find();
    for (const Error &failure : found.failures)
        say_once(failure.what, failure.text());
    take_usable(found.matches);
    directories_ = std::move(found.directories);

    std::unordered_set<FileIdentity, FileIdentityHash> ids;
    for (const Match &match : found.matches)
        ids.insert(match.status.id);
    for (const auto &[path, input] : inputs_)
        input->mark_matched([&](const FileIdentity &id) { return ids.contains(id); });

    if (newest)
        scan_newest(found.matches, found.failures.empty(), now, appeared);
    else
        scan_all(found.matches, now, appeared);
    if (first_ && inputs_.empty() && found.failures.empty() && complained_.empty())
        say_once(pattern.text(), escape_path(pattern.text()) + ": no such file yet");
    first_ = false;
}

void FileSource::scan_newest(const std::vector<Match> &matches, bool complete,
                             Clock::time_point now, std::vector<Input *> &appeared) {
    const Match *live = nullptr;
    const FileInput *input = inputs_.empty() ? nullptr : inputs_.begin()->second.get();
    const bool follows = input != nullptr && !input->chain().files.empty();
    const auto followed = follows ? input->chain().files.back()->place.id : FileIdentity{};
    for (const Match &match : matches) {
        // Of two that changed at once, the one that is followed already.
        if (live == nullptr || match.status.modified > live->status.modified ||
            (match.status.modified == live->status.modified && live->status.id != followed))
            live = &match;
    }
    std::vector<Match> others;
    for (const Match &match : matches)
        if (live == nullptr || match.status.id != live->status.id)
            others.push_back(match);
    if (input == nullptr) {
        add(pattern.text(), live, others, now, appeared);
        return;
    }
    FileInput &known = *inputs_.begin()->second;
    if (live != nullptr) {
        if (auto done = known.live(*live, others, now); !done)
            say_once(live->path, done.error().text());
        else
            complained_.erase(live->path);
    } else if (complete) {
        known.no_live(now);
    }
}

void FileSource::scan_all(const std::vector<Match> &matches, Clock::time_point now,
                          std::vector<Input *> &appeared) {
    const std::vector<Match> none;
    // First those that were known before, with all files behind them: what belongs to one of them
    // is not another's.
    if (first_) {
        for (const Match &match : matches)
            if (options.records.contains(file_key(options.name, match.path)))
                add(match.path, &match, none, now, appeared);
        resume_vanished(now, appeared);
    }
    owners_.clear();
    std::unordered_set<std::string_view> named;
    for (const Match &match : matches) {
        named.insert(match.path);
        const auto known = inputs_.find(match.path);
        if (known == inputs_.end()) {
            if (!is_others(match, nullptr) && add(match.path, &match, none, now, appeared))
                note_owner(*inputs_.at(match.path));
            continue;
        }
        FileInput &input = *known->second;
        const auto &files = input.chain().files;
        const bool same = !files.empty() && files.back()->place.id == match.status.id;
        if (!same && is_others(match, &input)) {
            input.no_live(now);
            continue;
        }
        if (auto done = input.live(match, none, now); !done)
            say_once(match.path, done.error().text());
        else if (!complained_.empty())
            complained_.erase(match.path);
        if (!same)
            note_owner(input);
    }
    for (const auto &[path, input] : inputs_) {
        // Only what is certainly gone: a directory that cannot be read says nothing.
        if (!named.contains(path) && !status_of(AT_FDCWD, path) &&
            (errno == ENOENT || errno == ENOTDIR))
            input->no_live(now);
    }
}

/// Records of paths that name nothing now: what was rotated may not have been read.
void FileSource::resume_vanished(Clock::time_point now, std::vector<Input *> &appeared) {
    const auto records = options.records;
    for (const auto &[key, text] : records) {
        const auto record = FileRecord::parse(text, "record of " + escape_path(key));
        if (!record) {
            say_once(key, record.error().text());
            options.records.erase(key);
        } else if (pattern.matches(record->path) && !inputs_.contains(record->path) &&
                   !status_of(AT_FDCWD, record->path)) {
            add(record->path, nullptr, {}, now, appeared);
        }
    }
}

bool FileSource::add(const std::string &path, const Match *live, const std::vector<Match> &others,
                     Clock::time_point now, std::vector<Input *> &appeared) {
    const auto saved = options.records.find(file_key(options.name, path));
    if (saved == options.records.end() && live == nullptr)
        return false;
    auto input = std::make_unique<FileInput>(*common_, *this, path);
    Result<void> done;
    if (saved != options.records.end()) {
        const auto record = FileRecord::parse(saved->second, "record of " + escape_path(path));
        if (!record) {
            say_once(path, record.error().text());
            options.records.erase(saved);
            return live != nullptr && add(path, live, others, now, appeared);
        }
        done = input->resume(*record, live, others, now);
    } else {
        done = input->begin(*live, options.from_end && is_new_ && first_, now);
    }
    if (!done) {
        say_once(path, done.error().text());
        return false;
    }
    if (saved != options.records.end())
        options.records.erase(saved);
    complained_.erase(path);
    appeared.push_back(input.get());
    inputs_[path] = std::move(input);
    return true;
}

// ---- which file is whose

void FileSource::note_owner(FileInput &input) {
    for (const auto *list : {&input.chain().past, &input.chain().files})
        for (const auto &file : *list)
            owners_[file->place.id] = &input;
}

void FileSource::note_owners() {
    for (const auto &[path, input] : inputs_)
        note_owner(*input);
}

/// A copy of a file of another input whose name says so: made by logrotate just now, or by hand.
bool FileSource::is_copy_of_others(const Match &match, const FileContent &content) const {
    const std::string &path = match.path;
    const auto slash = path.rfind('/');
    const auto is_of = [&](const std::string &live) {
        const auto found = inputs_.find(live);
        return found != inputs_.end() && live != path &&
               !rotation_suffix(std::string_view(path).substr(slash + 1),
                                std::string_view(live).substr(slash + 1))
                    .empty() &&
               found->second->chain().knows(match.status.id, content);
    };
    const auto dot = path.rfind('.');
    for (auto end = slash + 2; end < path.size(); ++end) {
        if (is_of(path.substr(0, end)) || (dot != std::string::npos && end < dot &&
                                           is_of(path.substr(0, end) + path.substr(dot))))
            return true;
    }
    return false;
}

/// Whether a match is a file of another input than `input`: a rotated one whose name the pattern
/// matches, too, or a second name.
bool FileSource::is_others(const Match &match, const FileInput *input) const {
    const auto owner = owners_.find(match.status.id);
    const FileInput *other = owner == owners_.end() ? nullptr : owner->second;
    if (other == input)
        other = nullptr;
    if (other != nullptr) {
        const auto held = [&](const auto &file) {
            return file->content && file->place.id == match.status.id;
        };
        if (std::ranges::any_of(other->chain().files, held) ||
            std::ranges::any_of(other->chain().past, held))
            return true;
    }
    if (input != nullptr && other == nullptr)
        return false;
    auto fd = open_regular(AT_FDCWD, match.path);
    if (!fd)
        return false; // add() says why
    const FileContent content(std::move(*fd), false);
    return (other != nullptr && other->chain().knows(match.status.id, content)) ||
           (input == nullptr && is_copy_of_others(match, content));
}

void FileSource::take_finished(std::vector<std::unique_ptr<FileInput>> &to) {
    for (auto it = inputs_.begin(); it != inputs_.end();) {
        if (!it->second->finished()) {
            ++it;
            continue;
        }
        to.push_back(std::move(it->second));
        it = inputs_.erase(it);
    }
}

} // namespace hostav
