// SPDX-License-Identifier: GPL-2.0-only
//
// Signals as events: INT, TERM, HUP and QUIT are blocked and read from a descriptor, so that they
// end every wait at a place of our choosing. SIGPIPE and SIGXFSZ are ignored: the failing write
// says it. One object a process; single-threaded.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <set>
#include <vector>

namespace hostav {

class Signals {
  public:
    /// `waking`: signals that end nothing but only wake whoever waits (a resident's HUP, USR1 and
    /// so on); they are watched even where the caller ignores them.
    static Result<Signals> watch(std::vector<int> waking = {});

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// The first signal that has arrived, 0 if none has. Stays what it is from then on.
    int pending();
    /// The next waking signal that has arrived, each kind once, 0 if none has.
    int take_waking();
    /// Waits until `fd` is ready for `events` (poll(2)'s). Once a signal has come, for a moment
    /// only, so that a last line gets out but nothing hangs; false when it is not ready by then.
    bool wait(int fd, short events);

  private:
    Signals(Fd fd, std::vector<int> waking) : fd_(std::move(fd)), waking_(std::move(waking)) {}
    Fd fd_;
    std::vector<int> waking_;
    int pending_ = 0;
    std::set<int> woken_;
};

/// Ends this process by `signal`, with its default action, so that the caller's shell sees it.
[[noreturn]] void die_by(int signal);

} // namespace hostav
