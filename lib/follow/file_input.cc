// SPDX-License-Identifier: GPL-2.0-only
//
// What happens to the files of an input while nobody reads them; file_fill.cc reads.
#include "follow/file_input.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>

namespace hostav {

using Wait = ChainFile::Wait;

namespace {

// Files before the present one that are remembered, so that copies of them are known as such.
constexpr std::size_t most_past = 8;
// As many when the pattern matches their names: to forget one would be to read it again.
constexpr std::size_t most_matched = 64;

/// Whether what was read is still there. What cannot be read now has not changed: reading it again
/// will say what is wrong.
bool holds(const ChainFile &file) {
    const FilePlace &place = file.place;
    if (!file.seen.fits(file.content).value_or(true))
        return false;
    if (place.anchor.at > 0)
        return place.anchor.fits(file.content).value_or(true);
    return !place.fingerprint.known() || place.fingerprint.fits(file.content).value_or(true);
}

} // namespace

FileInput::FileInput(FollowCommon &common, const FollowSource &source, std::string path)
    : common_(&common), source_(&source), path_(std::move(path)), chain_(source) {}

FileInput::~FileInput() {
    for (auto *list : {&chain_.files, &chain_.past})
        for (const auto &file : *list)
            close(*file);
    std::erase(common_->waiting, this);
    std::erase(common_->moved, this);
}

// ---- what the follower tells

Result<void> FileInput::begin(const Chain::Match &live, bool from_end, Clock::time_point now) {
    has_live_ = true;
    auto begun = chain_.begin(live, from_end, now);
    watch_files();
    look(now);
    return begun;
}

Result<void> FileInput::resume(const FileRecord &record, const Chain::Match *live,
                               const std::vector<Chain::Match> &others, Clock::time_point now) {
    has_live_ = live != nullptr;
    auto resumed = chain_.resume(record, live, others, now);
    watch_files();
    look(now);
    settle(now);
    return resumed;
}

Result<void> FileInput::live(const Chain::Match &live, const std::vector<Chain::Match> &others,
                             Clock::time_point now) {
    has_live_ = true;
    done_ = false;
    if (!chain_.files.empty() && chain_.files.back()->place.id == live.status.id) {
        const ChainFile &last = *chain_.files.back();
        if (last.size != live.status.size || last.modified != live.status.modified)
            look(now);
        return {};
    }
    // First what has become of the last one: it may have been cut before it was renamed.
    look(now);
    auto followed = chain_.follow(live, others, now);
    if (followed) {
        watch_files();
        look(now);
        settle(now);
        common_->moved.push_back(this);
    }
    return followed;
}

void FileInput::no_live(Clock::time_point now) {
    has_live_ = false;
    settle(now);
}

// ---- watching

void FileInput::watch_files() {
    for (auto *list : {&chain_.files, &chain_.past}) {
        for (const auto &file : *list) {
            if (!file->content || file->content.compressed() || file->watch >= 0 || file->polled)
                continue;
            const int fd = file->content.fd();
            file->watch = common_->watcher ? common_->watcher->watch_file(fd) : -1;
            if (file->watch >= 0)
                common_->watched.emplace(file->watch, this);
            else if (common_->watcher)
                common_->complain("inotify", std::string("inotify: ") +
                                                 (errno == ENOSPC ? "no watches left (sysctl "
                                                                    "fs.inotify.max_user_watches)"
                                                                  : fail_errno("").error().why) +
                                                 ": files are looked at every second instead");
            file->polled = file->watch < 0 || is_remote(fd);
            common_->polled += file->polled ? 1 : 0;
        }
    }
}

void FileInput::close(ChainFile &file) {
    std::erase(common_->unpacked, &file.content);
    if (file.watch >= 0) {
        auto [begin, end] = common_->watched.equal_range(file.watch);
        const auto ours =
            std::find_if(begin, end, [&](const auto &pair) { return pair.second == this; });
        if (ours != end)
            common_->watched.erase(ours);
        if (!common_->watched.contains(file.watch))
            common_->watcher->forget(file.watch);
    }
    common_->polled -= file.polled ? 1 : 0;
    file.watch = -1;
    file.polled = false;
    file.content = FileContent();
}

/// Notes growth. True when it is no longer what it was.
bool FileInput::check(ChainFile &file, bool closely, Clock::time_point now) {
    if (!file.content || file.content.compressed())
        return false;
    const auto status = status_of(file.content.fd());
    if (!status)
        return false;
    const bool untried = !file.place.fingerprint.known() && status->size != file.tried;
    if (!closely && !untried && status->size == file.size && status->modified == file.modified)
        return false;
    if (status->size < file.size || status->size < file.place.state.offset || !holds(file))
        return true;
    const bool live = !chain_.files.empty() && chain_.files.back().get() == &file;
    if (live && is_barely_read(file.place) && file.seen.at <= first_lines_end(file.place) &&
        chain_.has_new_copy())
        return true;
    if (status->size > file.size) {
        const bool was_read = file.size <= std::max(file.read_to, file.place.state.offset);
        if (was_read && (file.wait == Wait::nothing || file.wait == Wait::for_good))
            file.unread_since = now;
        file.grown = now;
        file.size = status->size;
    }
    file.modified = status->modified;
    if (is_barely_read(file.place) && file.seen.at != status->size)
        file.seen =
            Anchor::of(file.content, status->size).value_or(std::nullopt).value_or(Anchor{});
    if (!file.place.fingerprint.known())
        file.place.fingerprint = Fingerprint::of(file.content, source_->options.fingerprint_first,
                                                 source_->options.fingerprint_last, false)
                                     .value_or(Fingerprint{});
    return false;
}

void FileInput::replaced(ChainFile &file, Clock::time_point now) {
    if (!chain_.files.empty() && chain_.files.back().get() == &file) {
        const bool filled = pending_ && pending_->file == &file;
        const FilePlace read = filled ? pending_->place : file.place;
        if (auto done = chain_.replaced(read, now); !done)
            common_->complain(path_, done.error().text());
        watch_files();
        common_->moved.push_back(this);
        return;
    }
    // Somebody emptied a rotated file.
    const auto status = status_of(file.content.fd());
    FilePlace start;
    start.id = file.place.id;
    start.born = file.place.born;
    file.place = start;
    file.seen = {};
    file.size = status ? status->size : 0;
    file.read_to = 0;
    file.wait = Wait::nothing;
}

void FileInput::look(Clock::time_point now) {
    std::vector<ChainFile *> all;
    for (auto *list : {&chain_.past, &chain_.files})
        for (const auto &file : *list)
            all.push_back(file.get());
    for (ChainFile *file : all)
        if (check(*file, false, now))
            replaced(*file, now);
    wants_time();
}

void FileInput::look_closely(ChainFile &file, Clock::time_point now) {
    if (check(file, true, now))
        replaced(file, now);
}

void FileInput::wants_time() {
    if (!is_waiting)
        common_->waiting.push_back(this);
    is_waiting = true;
}

// ---- going on to the next file

bool FileInput::is_live(const ChainFile &file) const {
    return has_live_ && chain_.files.back().get() == &file;
}

bool FileInput::is_done(const ChainFile &file) const {
    if (!file.content || (file.wait == Wait::for_good && file.wait_size == file.size))
        return true;
    return !file.content.compressed() && file.place.state.offset >= file.size;
}

void FileInput::settle(Clock::time_point now) {
    const auto is_pending = [&](const ChainFile &file) {
        return pending_ && pending_->file == &file;
    };
    auto &files = chain_.files;
    while (files.size() > 1 && is_done(*files.front()) && !is_pending(*files.front())) {
        // Lines without a time inherit across rotation, too.
        ReadState &next = files[1]->place.state;
        if (!next.last_time)
            next.last_time = files.front()->place.state.last_time;
        if (files.front()->content.compressed())
            close(*files.front());
        chain_.past.push_back(std::move(files.front()));
        files.erase(files.begin());
        common_->moved.push_back(this);
    }
    for (const auto &file : chain_.past) {
        if (file->content && now >= file->grown + common_->options.rotated && is_done(*file) &&
            !is_pending(*file))
            close(*file);
    }
    trim_past();
    const auto done = [&](const auto &file) { return is_done(*file) && !file->matched; };
    done_ = !has_live_ && !pending_ && std::ranges::all_of(files, done) &&
            std::ranges::none_of(chain_.past,
                                 [](const auto &file) {
                                     return static_cast<bool>(file->content) || file->matched;
                                 }) &&
            (files.empty() || now >= files.back()->grown + common_->options.rotated);
}

void FileInput::trim_past() {
    auto &past = chain_.past;
    while (past.size() > most_past) {
        // What was read last tells the old ones from the new ones.
        const auto last = std::ranges::find_if(past.rbegin(), past.rend(), [](const auto &file) {
            return !is_untouched(file->place);
        });
        const ChainFile *newest = last == past.rend() ? nullptr : last->get();
        const auto oldest = std::ranges::find_if(past, [&](const auto &file) {
            return file.get() != newest && is_done(*file) &&
                   !(pending_ && pending_->file == file.get()) &&
                   (!file->matched || past.size() > most_matched);
        });
        if (oldest == past.end())
            return;
        close(**oldest);
        past.erase(oldest);
    }
}

Input::Clock::time_point FileInput::next_change(Clock::time_point now) const {
    auto next = Clock::time_point::max();
    const auto at = [&](Clock::time_point when) {
        if (when > now)
            next = std::min(next, when);
    };
    for (const auto &file : chain_.past) {
        if (file->content) {
            at(file->grown + common_->options.rotated);
            at(ripe_at(*file));
        }
    }
    if (!chain_.files.empty()) {
        const ChainFile &front = *chain_.files.front();
        at(ripe_at(front));
        if (!front.place.fingerprint.known() && front.size > 0)
            at(front.grown + common_->options.half_line);
        if (!has_live_)
            at(chain_.files.back()->grown + common_->options.rotated);
    }
    return next;
}

// ---- what is told of it

bool FileInput::is_polled() const {
    const auto polled = [](const auto &file) { return file->polled; };
    return std::ranges::any_of(chain_.files, polled) || std::ranges::any_of(chain_.past, polled);
}

std::string FileInput::name() const {
    return source_->newest && !chain_.files.empty() ? chain_.files.back()->path : path_;
}

std::string FileInput::key() const {
    return file_key(source_->options.name, path_);
}

std::string FileInput::record() const {
    FileRecord record;
    record.path = path_;
    if (!chain_.files.empty() || !chain_.past.empty()) {
        const ChainFile &file = chain_.files.empty() ? *chain_.past.back() : *chain_.files.front();
        record.file = file.path;
        record.place = file.place;
        record.modified = file.modified;
        record.since = file.since;
    }
    for (const auto &file : chain_.past) {
        record.past.push_back(file->place);
        if (file->content && !is_done(*file))
            record.modified = std::min(record.modified, file->modified);
    }
    return record.text();
}

bool FileInput::finished() const {
    return done_;
}

FileProgress FileInput::progress() const {
    FileProgress progress;
    progress.section = source_->options.name;
    progress.path = name();
    if (chain_.files.empty())
        return progress;
    const ChainFile &front = *chain_.files.front();
    progress.offset = front.place.state.offset;
    progress.size = front.size;
    for (const auto *list : {&chain_.files, &chain_.past}) {
        for (const auto &file : *list)
            if (file->content && !is_done(*file))
                progress.behind += file->size - std::min(file->size, file->place.state.offset);
    }
    return progress;
}

} // namespace hostav
