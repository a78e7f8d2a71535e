// SPDX-License-Identifier: GPL-2.0-only
//
// inotify(7), bounded: after something was read from it, its descriptor stays quiet for a moment,
// so that a writer at full speed wakes us twenty times a second and not at every line.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "follow/input.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace hostav {

class Watcher {
  public:
    static constexpr std::chrono::milliseconds pause{50};

    static Result<Watcher> create();

    /// To poll for reading.
    [[nodiscard]] int fd() const { return epoll_.get(); }
    /// When drain() has to be called although fd() is quiet.
    [[nodiscard]] Input::Clock::time_point next_drain() const { return paused_until_; }

    /// The file behind a descriptor, for changes of its content: a watch descriptor, the same for
    /// the same file, or -1 with errno (ENOSPC: no watches left).
    [[nodiscard]] int watch_file(int fd) const;
    /// A directory, for names that come, go and change their attributes.
    [[nodiscard]] int watch_directory(const std::string &path) const;
    void forget(int watch) const;

    /// Takes what has come: the watch descriptor and, for a directory, the name (empty: it itself).
    /// False when events were lost: anything may have changed.
    bool drain(Input::Clock::time_point now,
               const std::function<void(int watch, const std::string &name)> &take);

  private:
    Watcher(Fd inotify, Fd epoll) : inotify_(std::move(inotify)), epoll_(std::move(epoll)) {}
    Fd inotify_, epoll_;
    Input::Clock::time_point paused_until_ = Input::Clock::time_point::max();
    void listen(bool on) const;
};

/// Whether the file behind `fd` can change without inotify's knowing: network file systems and
/// those in user space.
[[nodiscard]] bool is_remote(int fd);

} // namespace hostav
