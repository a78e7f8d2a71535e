// SPDX-License-Identifier: GPL-2.0-only
#include "follow/follower.h"

#include "base/files.h"
#include "base/text.h"
#include "follow/file_source.h"

#include <algorithm>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

namespace hostav {
namespace {

using Clock = Input::Clock;

constexpr std::chrono::seconds scan_interval{5};
constexpr std::chrono::seconds longest_scan_interval{60};
constexpr std::chrono::seconds poll_interval{1};
// Looking for files takes at most one part of these of the time, however many they are.
constexpr int scan_share = 2000;

} // namespace

struct Follower::Impl {
    FollowCommon common;
    std::vector<std::unique_ptr<FileSource>> sources;
    std::vector<std::unique_ptr<FileInput>> gone;
    Clock::time_point next_scan = Clock::time_point::min();
    Clock::time_point next_poll = Clock::time_point::min();

    /// Who wants to know of names in a watched directory.
    struct Interest {
        FileSource *source;
        std::size_t part;
    };
    std::unordered_map<int, std::vector<Interest>> directories;
    bool polls_directories = false;

    [[nodiscard]] bool polls() const {
        return !common.watcher || common.polled > 0 || polls_directories;
    }

    /// Marks the sources that have new ones: something may have come before the watch was there.
    void watch_directories() {
        if (!common.watcher)
            return;
        std::unordered_map<int, std::vector<Interest>> now;
        polls_directories = false;
        for (const auto &source : sources) {
            for (const auto &[path, part] : source->directories()) {
                const int watch = common.watcher->watch_directory(path);
                if (watch >= 0) {
                    now[watch].push_back({source.get(), part});
                    source->scan_wanted = source->scan_wanted || !directories.contains(watch);
                }
                polls_directories = polls_directories || (watch < 0 && errno == ENOSPC);
            }
        }
        if (polls_directories)
            common.complain("inotify", "inotify: no watches left (sysctl "
                                       "fs.inotify.max_user_watches): files are looked at every "
                                       "second instead");
        for (const auto &[watch, interests] : directories)
            if (!now.contains(watch))
                common.watcher->forget(watch);
        directories = std::move(now);
    }

    /// Files that changed, and sources whose names did.
    void take_events(Clock::time_point now) {
        if (!common.watcher)
            return;
        std::set<FileInput *> touched;
        const bool complete = common.watcher->drain(now, [&](int watch, const std::string &name) {
            const auto [begin, end] = common.watched.equal_range(watch);
            for (auto it = begin; it != end; ++it)
                touched.insert(it->second);
            if (const auto found = directories.find(watch); found != directories.end())
                for (const Interest &interest : found->second)
                    if (name.empty() || interest.source->pattern.concerns(interest.part, name))
                        interest.source->scan_wanted = true;
        });
        for (FileInput *input : touched)
            input->look(now);
        if (!complete)
            look_everywhere(now);
    }

    void look_everywhere(Clock::time_point now) {
        for (const auto &source : sources) {
            source->scan_wanted = true;
            for (const auto &[path, input] : source->inputs())
                input->look(now);
        }
    }

    void poll(Clock::time_point now) {
        if (!polls() || now < next_poll)
            return;
        next_poll = now + poll_interval;
        for (const auto &source : sources) {
            for (const auto &[path, input] : source->inputs()) {
                if (input->is_polled()) {
                    input->look(now);
                    source->scan_wanted = true;
                }
            }
            source->scan_wanted = source->scan_wanted || !common.watcher || polls_directories;
        }
    }

    void scan(Clock::time_point now, std::vector<Input *> &appeared) {
        const bool all = now >= next_scan;
        bool any = false;
        const auto began = Clock::now();
        for (const auto &source : sources) {
            if (all || source->scan_wanted) {
                source->scan(now, appeared);
                any = true;
            }
        }
        if (any)
            watch_directories();
        for (const auto &source : sources)
            if (any && source->scan_wanted)
                source->scan(now, appeared);
        if (all)
            next_scan = now + std::clamp<Clock::duration>((Clock::now() - began) * scan_share,
                                                          scan_interval, longest_scan_interval);
    }

    void settle(Clock::time_point now) {
        for (FileInput *input : common.waiting)
            input->settle(now);
        std::erase_if(common.waiting, [&](FileInput *input) {
            input->is_waiting = input->next_change(now) != Clock::time_point::max();
            return !input->is_waiting;
        });
    }
};

Follower::Follower(FollowerOptions options) : impl_(std::make_unique<Impl>()) {
    impl_->common.options = std::move(options);
    if (impl_->common.options.poll_only)
        return;
    if (auto watcher = Watcher::create())
        impl_->common.watcher = std::move(*watcher);
    else
        impl_->common.complain("inotify", watcher.error().text() +
                                              ": files are looked at every second instead");
}

Follower::~Follower() = default;

Result<void> Follower::add(const FileSourceOptions &source) {
    auto made = FileSource::create(source, impl_->common);
    if (!made)
        return std::unexpected(made.error());
    (*made)->complain = [common = &impl_->common](const std::string &key, const std::string &text) {
        common->complain(key, text);
    };
    (*made)->is_matched = [sources = &impl_->sources](const std::string &path) {
        return !is_compressed_name(path) && std::ranges::any_of(*sources, [&](const auto &other) {
            return other->pattern.matches(path);
        });
    };
    impl_->sources.push_back(std::move(*made));
    return {};
}

int Follower::fd() const {
    return impl_->common.watcher ? impl_->common.watcher->fd() : -1;
}

Clock::time_point Follower::next_work() const {
    const auto now = Clock::now();
    auto next = impl_->next_scan;
    if (impl_->polls())
        next = std::min(next, impl_->next_poll);
    if (impl_->common.watcher)
        next = std::min(next, impl_->common.watcher->next_drain());
    for (const FileInput *input : impl_->common.waiting)
        next = std::min(next, input->next_change(now));
    return next;
}

Follower::Changes Follower::work(Clock::time_point now) {
    Changes changes;
    impl_->gone.clear();
    impl_->take_events(now);
    impl_->poll(now);
    impl_->scan(now, changes.appeared);
    impl_->settle(now);
    for (const auto &source : impl_->sources)
        source->take_finished(impl_->gone);
    for (const auto &input : impl_->gone)
        changes.gone.push_back(input.get());
    for (FileInput *input : std::exchange(impl_->common.moved, {}))
        if (!input->finished())
            changes.moved.push_back(input);
    return changes;
}

std::vector<Input *> Follower::inputs() const {
    std::vector<Input *> all;
    for (const auto &source : impl_->sources)
        for (const auto &[path, input] : source->inputs())
            all.push_back(input.get());
    return all;
}

std::vector<FileProgress> Follower::progress() const {
    std::vector<FileProgress> all;
    for (const auto &source : impl_->sources)
        for (const auto &[path, input] : source->inputs())
            all.push_back(input->progress());
    return all;
}

Result<FileProgress> read_file_record(const std::string &key, const std::string &record) {
    const auto read = FileRecord::parse(record, "record of " + escape_path(section_of_key(key)));
    if (!read)
        return std::unexpected(read.error());
    FileProgress progress;
    progress.section = section_of_key(key);
    progress.path = read->path;
    progress.offset = read->place.state.offset;
    const auto status = status_of(AT_FDCWD, read->file);
    progress.size = status ? status->size : 0;
    // Another file of that name: all of it comes after what is left of the one before.
    const bool same = status && status->id == read->place.id && progress.size >= progress.offset;
    progress.behind = same ? progress.size - progress.offset : progress.size;
    return progress;
}

Result<std::string> followed_path(const std::string &path) {
    auto absolute = absolute_path(path);
    if (!absolute)
        return absolute;
    struct stat st = {};
    if (::stat(absolute->c_str(), &st) == 0 && S_ISDIR(st.st_mode))
        return fail(escape_path(path), "is a directory: name files, or a pattern of them");
    return absolute;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> own_outputs() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> own;
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat st = {};
        if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            own.emplace_back(st.st_dev, st.st_ino);
    }
    return own;
}

} // namespace hostav
