// SPDX-License-Identifier: GPL-2.0-only
//
// Where lines come from, for the loop (metric/push_run.h): a pipe, or files that are followed.
#pragma once

#include "base/error.h"
#include "metric/counter.h"
#include "metric/data_spool.h"

#include <chrono>
#include <ctime>
#include <poll.h>
#include <span>
#include <vector>

namespace hostav {

class LineSource {
  public:
    using Clock = std::chrono::steady_clock;
    LineSource() = default;
    LineSource(const LineSource &) = delete;
    LineSource &operator=(const LineSource &) = delete;
    LineSource(LineSource &&) = delete;
    LineSource &operator=(LineSource &&) = delete;
    virtual ~LineSource() = default;

    /// What to poll, and when work() wants to be called although none of it is ready.
    [[nodiscard]] virtual std::vector<pollfd> descriptors() const = 0;
    [[nodiscard]] virtual Clock::time_point next_work() const = 0;
    /// Counts some of what is there; bounded. `ready`: descriptors() after polling.
    virtual void work(std::span<const pollfd> ready, Counter &counter, std::time_t now) = 0;
    /// Reads no more; what was read is counted.
    virtual void stop(Counter &counter, std::time_t now) = 0;
    /// No more lines will come.
    [[nodiscard]] virtual bool ended() const = 0;
    /// Nothing has to be done any more, besides reading.
    [[nodiscard]] virtual bool idle() const = 0;
    /// How far it is has changed since the last save().
    [[nodiscard]] virtual bool moved() const = 0;
    /// Puts how far it is to where the counts go.
    virtual void save(DataSpool &to) = 0;
    /// Which has been said.
    [[nodiscard]] virtual bool read_failed() const = 0;
    [[nodiscard]] virtual bool write_failed() const { return false; }
};

} // namespace hostav
