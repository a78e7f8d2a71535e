// SPDX-License-Identifier: GPL-2.0-only
//
// VirusEvent: a command of the administrator's for every infected file, beside everything else. A
// few run at once, the rest waits; none lives longer than ten minutes.
#pragma once

#include "base/account.h"
#include "base/error.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hostav {

class VirusEvents {
  public:
    /// `command`: as configured, `%v` for the name. `account`: whom it runs as; nothing: as we are.
    VirusEvents(std::string command, std::optional<Account> account);

    /// False when too many wait already, for the first one that is lost; the others are counted.
    bool add(const std::string &path, const std::string &signature);
    /// Starts what may start, ends what runs too long. What it returns failed: lines for the log.
    std::vector<std::string> tend();
    /// A child has ended; true when it was one of these.
    bool ended(pid_t pid, int status, std::vector<std::string> &complaints);
    [[nodiscard]] bool idle() const { return waiting_.empty() && running_.empty(); }

  private:
    using Clock = std::chrono::steady_clock;
    struct Event {
        std::string path, signature;
    };
    struct Running {
        pid_t pid = 0;
        Clock::time_point since;
    };
    std::string command_;
    std::optional<Account> account_;
    std::deque<Event> waiting_;
    std::uint64_t lost_ = 0;
    std::vector<Running> running_;
    [[nodiscard]] Result<pid_t> start(const Event &event) const;
};

/// The command with the name put in: what a shell could take for its own becomes `_`.
[[nodiscard]] std::string expand_event(const std::string &command, const std::string &signature);

} // namespace hostav
