// SPDX-License-Identifier: GPL-2.0-only
//
// A fanotify group (fanotify(7)) for permission events. Linux only; what older kernels lack is
// found out by trying. The process that owns one must never fork: a child that holds the group's
// descriptor keeps every opener waiting after its owner has died.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hostav {

struct FileEvent {
    Fd fd;                ///< O_RDONLY, O_NOATIME; none for an overflow of the queue
    pid_t pid = 0;        ///< of the process (thread group)
    bool asks = false;    ///< somebody waits for the answer
    bool written = false; ///< closed after it was open for writing
    bool overflow = false;
    std::chrono::steady_clock::time_point since; ///< when it had come at the latest
};

/// What is asked for at every mark.
struct Accesses {
    bool open = true;
    bool exec = true;
    bool ask = true; ///< permission events; else only reports
};

class FanotifyGroup {
  public:
    /// Fails where this process may not (CAP_SYS_ADMIN) or the kernel cannot.
    static Result<FanotifyGroup> create(const Accesses &accesses);

    /// Marks the whole file system that `path` is on; the mount alone where the kernel (before
    /// 4.20) cannot, which `whole` then says.
    Result<void> mark_file_system(const std::string &path, bool &whole);
    /// Reports what is opened through a mount, and asks for nothing.
    Result<void> mark_mount(const std::string &path);
    /// The kernel asks no more about this file until somebody writes to it. False: not possible.
    bool remember(int fd);
    void forget(int fd);
    void forget_all();

    /// At most `most` events, each with a descriptor; an error of the kernel's while it made one
    /// (it has answered that opener by itself then) is counted in `errors`.
    std::vector<FileEvent> read(std::size_t most, std::uint64_t &errors);
    /// For an owner that cannot read now: who has been waiting since when.
    void note_waiting();
    void answer(int event_fd, bool allow);

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// What of this kernel is used, for -v.
    [[nodiscard]] std::string features() const;

  private:
    FanotifyGroup(Fd fd, const Accesses &accesses);
    Fd fd_;
    std::uint64_t mask_ = 0;    ///< of a file system
    std::uint64_t ignored_ = 0; ///< of a file that is clean
    bool evictable_ = true;
    std::uint64_t remembered_ = 0; ///< where marks pin inodes in memory
    /// Events up to that number had come by then.
    struct Arrival {
        std::uint64_t number = 0;
        std::chrono::steady_clock::time_point at;
    };
    std::uint64_t read_ = 0; ///< events so far
    std::deque<Arrival> waiting_;
    [[nodiscard]] std::chrono::steady_clock::time_point arrival();
};

} // namespace hostav
