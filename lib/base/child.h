// SPDX-License-Identifier: GPL-2.0-only
//
// A forked child that runs one function: it dies with its parent (PR_SET_PDEATHSIG), has no
// signals blocked or handled, and is killed and reaped when its owner goes.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "base/signals.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace hostav {

struct ChildOptions {
    std::string name;            ///< for errors: `freshclam`, `OnUpdateExecute`
    bool capture_output = false; ///< stdout and stderr into a pipe that wait() reads
    bool own_group = false;      ///< a process group of its own, killed whole
};

/// The beginning of a long-lived child: dies with its parent (or at once when `parent` is not that
/// any more), has a session of its own, no blocked signals, and leaves what the terminal sends to
/// its parent (SIGCHLD as by default).
void begin_child(pid_t parent);

class Child {
  public:
    /// Forks. `body` runs in the child; what it returns is the exit status (by _exit, after
    /// flushing stdio). It inherits every descriptor; what it must not keep it closes itself.
    static Result<Child> start(const ChildOptions &options, const std::function<int()> &body);
    Child(Child &&other) noexcept;
    Child &operator=(Child &&) = delete;
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child();

    /// What the child writes, as it comes; a piece is whatever one read(2) gave.
    using Output = std::function<void(std::string_view piece)>;

    /// Waits for the child to end and its output to be read. Its exit status; an error when it was
    /// killed by a signal, when `limit` is over (it is killed then) or when `signals` (may be null)
    /// has a signal (also killed). What a grandchild still writes is not waited for longer than a
    /// moment.
    Result<int> wait(std::chrono::milliseconds limit, Signals *signals, const Output &output = {});
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    Child(ChildOptions options, pid_t pid, Fd output);
    ChildOptions options_;
    pid_t pid_ = 0;
    Fd output_;
    void kill_and_reap();
};

} // namespace hostav
