// SPDX-License-Identifier: GPL-2.0-only
//
// Data on their way to a sink: one push at a time, tried again with growing pauses, bounded in
// number. What is given up is told with its values, so that a count is never lost without a word.
//
// A push whose answer was lost is made again, as one too many alarms and one too few does not: its
// data may then count twice.
#pragma once

#include "base/backoff.h"
#include "base/messages.h"
#include "metric/sink.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace hostav {

class Pusher {
  public:
    using Clock = std::chrono::steady_clock;
    using Say = std::function<void(Severity, const std::string &)>;
    /// `sink` must outlive it; `name`: of the metric in messages, printable.
    Pusher(MetricSink &sink, std::string name, Say say);

    /// Of what does not fit, the oldest are given up.
    void add(std::vector<Datum> data);
    /// Begins a push when one is due.
    void work(Clock::time_point now);
    /// When work() matters; max(): not before something is added or answered.
    [[nodiscard]] Clock::time_point next_work() const;
    /// Nothing more comes: the next push is due now, and one that needs somebody is the last.
    void finish();
    [[nodiscard]] bool idle() const { return waiting_.empty(); }
    /// Tells what is left, and forgets it. Not to be used any more afterwards.
    void give_up();
    [[nodiscard]] std::uint64_t pushed() const { return pushed_; }
    [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

  private:
    MetricSink &sink_;
    std::string name_;
    Say say_;
    Backoff backoff_;
    std::vector<Datum> waiting_; ///< the first of them are on their way
    bool on_way_ = false, ending_ = false;
    std::size_t most_ = 0; ///< in a push; fewer while an invalid one is looked for
    Clock::time_point next_ = Clock::time_point::min();
    std::string last_failure_;
    bool failing_ = false;
    std::uint64_t pushed_ = 0, given_up_ = 0;

    void answered(const Pushed &pushed);
    void give_up_first(std::size_t count, const std::string &why);
};

/// `VIRUSFOUND 3 at 2026-11-26T13:38:00Z`, or of several data their sum and the first one's time.
[[nodiscard]] std::string describe(const std::string &name, std::span<const Datum> data);

} // namespace hostav
