// SPDX-License-Identifier: GPL-2.0-only
//
// Data on their way to a sink: one push at a time, tried again with growing pauses, bounded by
// their queue. What is given up is told with its values, so that a count is never lost without a
// word.
//
// A push whose answer was lost is made again, as one too many alarms and one too few does not: its
// data may then count twice.
#pragma once

#include "base/backoff.h"
#include "base/messages.h"
#include "metric/data_queue.h"
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
    /// `sink` and `queue`, in which there may be data, must outlive it; `name`: of the metric in
    /// messages, printable.
    Pusher(MetricSink &sink, DataQueue &queue, std::string name, Say say);

    /// Of what does not fit, the oldest are given up.
    void add(std::vector<Datum> data);
    /// Begins a push when one is due.
    void work(Clock::time_point now);
    /// When work() matters; max(): not before something is added or answered.
    [[nodiscard]] Clock::time_point next_work() const;
    /// Nothing more comes: the next push is due now, and one that needs somebody is the last.
    void finish();
    [[nodiscard]] bool idle() const { return queue_->size() == 0; }
    /// Tells what is left, and forgets it. Not to be used any more afterwards.
    void give_up();
    /// What is left goes to another queue, which must outlive it.
    Result<void> move_to(DataQueue &queue);
    /// Tells what is left of this run, and that all is kept `where`. Not to be used any more
    /// afterwards.
    void keep(const std::string &where);
    /// Nothing more is to be hoped for: it is the end, and somebody has to do something first.
    [[nodiscard]] bool hopeless() const { return hopeless_; }
    [[nodiscard]] std::uint64_t pushed() const { return pushed_; }
    [[nodiscard]] std::uint64_t given_up() const { return given_up_; }
    [[nodiscard]] std::uint64_t kept() const { return kept_; }

  private:
    MetricSink &sink_;
    DataQueue *queue_;    ///< the first of them are on their way
    std::size_t earlier_; ///< of those in the queue, an earlier run's
    std::string name_;
    Say say_;
    Backoff backoff_;
    bool on_way_ = false, ending_ = false, hopeless_ = false;
    std::size_t in_push_ = 0; ///< how many are on their way, or were
    std::size_t most_ = 0;    ///< in a push; fewer while an invalid one is looked for
    Clock::time_point next_ = Clock::time_point::min();
    std::string last_failure_;
    bool failing_ = false;
    std::uint64_t pushed_ = 0, given_up_ = 0, kept_ = 0;

    void answered(const Pushed &pushed);
    void give_up_first(std::size_t count, const std::string &why);
    void limit();
    [[nodiscard]] std::size_t too_old() const;
    [[nodiscard]] std::vector<Datum> next_data();
    void drop_first(std::size_t count);
    [[nodiscard]] std::string describe(std::size_t from, std::size_t count) const;
};

/// `VIRUSFOUND 3 at 2026-11-26T13:38:00Z`, or of several data their sum and the first one's time.
[[nodiscard]] std::string describe(const std::string &name, std::span<const Datum> data);

} // namespace hostav
