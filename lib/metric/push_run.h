// SPDX-License-Identifier: GPL-2.0-only
//
// The loop of metric-push: lines are counted, counts become data once a period and at the end, data
// are pushed. Single-threaded; nothing of it waits for anything else of it.
//
// What is counted is on disk, where there is a spool, before it is pushed: a crash repeats what was
// on its way, and nothing else.
#pragma once

#include "base/complaints.h"
#include "base/signals.h"
#include "metric/line_source.h"
#include "metric/pusher.h"
#include "net/http_client.h"

#include <memory>

namespace hostav {

struct PushRunParts {
    Counter &counter;
    LineSource &source;
    Pusher &pusher;
    HttpClient &http;
    Signals &signals;
    Complaints &complaints;
    DataSpool *spool;              ///< the pusher's queue; null: that is in memory
    std::chrono::seconds patience; ///< after the end of the input
    std::int64_t period;           ///< seconds
    bool service;                  ///< a signal is not the end of all lines
};

class PushRun {
  public:
    explicit PushRun(const PushRunParts &parts);
    /// Until the input's end or a signal, and then until all is pushed, or it takes too long: what
    /// is left is in the pusher.
    Result<void> to_its_end();
    /// What is counted could not be written down at the end, which was said.
    [[nodiscard]] bool unsaved() const { return unsaved_; }

  private:
    using Clock = std::chrono::steady_clock;
    PushRunParts parts_;
    std::time_t next_period_;
    Clock::time_point give_up_at_ = Clock::time_point::max();
    Clock::time_point next_save_ = Clock::time_point::min(), next_watchdog_;
    bool ended_ = false, ready_ = false, unsaved_ = false;

    [[nodiscard]] bool over() const;
    [[nodiscard]] std::chrono::milliseconds pause() const;
    Result<void> wait(std::vector<pollfd> &set);
    void take_signals();
    void take_lines(const std::vector<pollfd> &set);
    void take_periods();
    void end(std::chrono::seconds patience, bool stopped);
    void save(bool last);
    void notify();
};

} // namespace hostav
