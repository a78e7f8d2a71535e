// SPDX-License-Identifier: GPL-2.0-only
//
// What stands around a Follower in the tests: log files to write and rotate, and an owner as
// logship is one, which fills, takes events as delivered at once, and keeps the records.
#pragma once

#include "follow/follower.h"
#include "tests/support/tree.h"

#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

namespace follow {

using namespace std::chrono_literals;
using Lines = tree::Lines;

/// Appends as loggers do; makes the file where it is missing.
inline void append(const std::string &path, const std::string &text) {
    const hostav::Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    tree::must(fd &&
                   ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()),
               path);
}
inline void append(const hostav::Fd &fd, const std::string &text) {
    tree::must(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()),
               "write");
}
inline hostav::Fd open_log(const std::string &path) {
    hostav::Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
    tree::must(static_cast<bool>(fd), path);
    return fd;
}
inline void rename(const std::string &from, const std::string &to) {
    tree::must(::rename(from.c_str(), to.c_str()) == 0, from);
}
inline void remove(const std::string &path) {
    tree::must(::unlink(path.c_str()) == 0, path);
}
inline std::string content(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
/// As logrotate's copytruncate: a copy, then the file is cut.
inline void copy_truncate(const std::string &from, const std::string &to) {
    tree::file(to, content(from));
    tree::must(::truncate(from.c_str(), 0) == 0, from);
}
/// As gzip(1), with the file's time; the file goes.
inline void compress(const std::string &path) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::execlp("gzip", "gzip", "-f", path.c_str(), static_cast<char *>(nullptr));
        ::_exit(127);
    }
    int status = -1;
    tree::must(::waitpid(child, &status, 0) == child && status == 0, "gzip");
}
/// `PREFIXi` for i from `first` to `last`, each a line.
inline std::string numbered(const std::string &prefix, int first, int last) {
    std::string text;
    for (int i = first; i <= last; ++i)
        text += prefix + std::to_string(i) + "\n";
    return text;
}

struct Waits {
    std::chrono::milliseconds half_line = 200ms, event_end = 20ms, rotated = 400ms;
};

/// One section; what it ships and what it remembers outlives its follower.
class Owner {
  public:
    explicit Owner(const std::string &pattern, bool all = false) {
        source.name = "section";
        source.pattern = pattern;
        source.all = all;
        source.format = &format;
    }

    hostav::EventFormat format;
    hostav::FileSourceOptions source;
    Waits waits;
    bool poll_only = false;
    std::size_t most = SIZE_MAX; ///< events in a batch
    std::vector<std::pair<std::uint64_t, std::uint64_t>> own;

    Lines lines; ///< what was delivered
    Lines complaints;
    std::map<std::string, std::string> records;
    std::size_t batches = 0;

    void start() {
        hostav::FollowerOptions options;
        options.half_line = waits.half_line;
        options.event_end = waits.event_end;
        options.rotated = waits.rotated;
        options.own = own;
        options.poll_only = poll_only;
        options.complain = [this](const std::string & /*key*/, const std::string &text) {
            complaints.push_back(text);
        };
        follower_ = std::make_unique<hostav::Follower>(options);
        source.records = records;
        const auto added = follower_->add(source);
        tree::must(added.has_value(), added ? "" : added.error().text());
        work();
    }
    /// As a process that ends: only the records stay.
    void stop() { follower_.reset(); }
    void restart() {
        stop();
        start();
    }
    [[nodiscard]] hostav::Follower &follower() { return *follower_; }

    void work() {
        const auto changes = follower_->work(hostav::Input::Clock::now());
        for (const auto *list : {&changes.appeared, &changes.moved})
            for (const hostav::Input *input : *list)
                records[input->key()] = input->record();
        for (const hostav::Input *input : changes.gone)
            records.erase(input->key());
    }

    /// One fill and its delivery. False when nothing came.
    bool ship(hostav::Input &input, bool flush) {
        Lines batch;
        const auto filled = input.fill(
            [&](const hostav::Event &event) {
                if (batch.size() >= most)
                    return false;
                batch.emplace_back(event.message);
                return true;
            },
            flush);
        if (!filled) {
            complaints.push_back(filled.error().text());
            return false;
        }
        tree::must(filled->events == batch.size(), "events counted");
        lines.insert(lines.end(), batch.begin(), batch.end());
        batches += batch.empty() ? 0 : 1;
        input.delivered();
        records[input.key()] = input.record();
        return !batch.empty();
    }

    /// Works as an event loop does until `done`; false when that takes too long.
    bool run(const std::function<bool()> &done, std::chrono::seconds limit = 20s) {
        using Clock = hostav::Input::Clock;
        const auto end = Clock::now() + limit;
        while (!done()) {
            if (Clock::now() > end)
                return false;
            const auto next = std::min(follower_->next_work(), Clock::now() + 100ms);
            const auto wait = std::max<std::int64_t>(
                0, std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count());
            pollfd ready{follower_->fd(), POLLIN, 0};
            ::poll(&ready, 1, static_cast<int>(wait));
            work();
            for (hostav::Input *input : follower_->inputs())
                while (input->waiting() > 0 && ship(*input, false)) {
                }
        }
        return true;
    }
    /// Until so many lines have come.
    bool run(std::size_t wanted) {
        return run([&] { return lines.size() >= wanted; });
    }
    /// Whatever is there, at once, and what must not come, too.
    void drain() {
        for (int round = 0; round < 3; ++round) {
            work();
            for (hostav::Input *input : follower_->inputs())
                while (ship(*input, true)) {
                }
        }
    }
    /// All of them, once, and nothing else.
    Lines all(std::size_t wanted) {
        run(wanted);
        drain();
        return lines;
    }

  private:
    std::unique_ptr<hostav::Follower> follower_;
};

} // namespace follow
