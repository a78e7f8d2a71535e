// SPDX-License-Identifier: GPL-2.0-only
//
// Lines that match a filter, as values of one metric, period by period. Periods begin at multiples
// of their length since 1970, so that those of all hosts are the same. A line belongs to the
// period of its time: that in the line where a format says how to read it (else that of the last
// one that had one), or the time at which it came.
//
// A number as value is summed up: a period's datum is the number of its lines, times that number. A
// field as value keeps each value and how often it came, so that percentiles can be told.
//
// Memory is bounded: full() says when what is counted has to be taken early. That loses nothing,
// as data of one period add up wherever they go.
#pragma once

#include "base/error.h"
#include "follow/date_format.h"
#include "metric/datum.h"
#include "metric/filter.h"
#include "metric/seen.h"

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct CountOptions {
    Metric metric;
    std::string value = "1"; ///< a number, or a field of the filter: `$size`, `$.size`
    double otherwise = 0;    ///< of a period without a line that counts
    /// Lines with the same of these count once a period: `path` and `signature` of a detection
    /// (metric/found_line.h), or fields of the filter. Empty: every line counts.
    std::vector<std::string> unique;
    std::int64_t period = 60; ///< seconds
};

class Counter {
  public:
    /// what of a failure: `--value` or `--unique`. `now`: the first period is the one it is in.
    static Result<Counter> create(Filter filter, CountOptions options,
                                  std::optional<DateFormat> date, std::time_t now);

    /// Counts the lines of a text that match, as Filter::for_each_match() has them.
    void count(std::string_view text, std::time_t now);
    /// The data of all periods that are over, and what came late for earlier ones, by time. For
    /// each period without any, the value `otherwise`; of a long sleep the last day's at most.
    [[nodiscard]] std::vector<Datum> take(std::time_t now);
    /// The same as if the period of `now` were over: nothing is left.
    [[nodiscard]] std::vector<Datum> finish(std::time_t now);
    /// Too much is kept: flush() is due.
    [[nodiscard]] bool full() const;
    /// Everything that was counted, also of periods that are not over.
    [[nodiscard]] std::vector<Datum> flush();
    /// What flush() would give, which stays. `values` of a field are all in it.
    [[nodiscard]] std::vector<Datum> snapshot() const;
    /// What an earlier run has counted: as if its lines had come to this one.
    void restore(const std::vector<Datum> &counted);
    /// When the period of `now` is over.
    [[nodiscard]] std::time_t next(std::time_t now) const;
    /// The value is a field: data have several values.
    [[nodiscard]] bool is_distribution() const { return field_.has_value(); }

    struct Counts {
        std::uint64_t matched = 0;
        std::uint64_t repeated = 0;  ///< of those, left out as not unique
        std::uint64_t valueless = 0; ///< without a number in the field
        std::uint64_t untimely = 0;  ///< whose time the service would refuse (metric/datum.h)
        std::uint64_t forgotten = 0; ///< that may have counted twice (metric/seen.h)
        std::uint64_t exhausted = 0; ///< searches that were given up for their cost
    };
    [[nodiscard]] Counts counts() const;

  private:
    Counter(Filter filter, CountOptions options, std::optional<DateFormat> date, std::time_t now);
    struct Part {
        enum class Kind { path, signature, field };
        Kind kind = Kind::field;
        FieldReference field;
    };
    Filter filter_;
    CountOptions options_;
    std::optional<DateFormat> date_;
    double number_ = 1;
    std::optional<FieldReference> field_;
    std::vector<Part> unique_;
    std::optional<EventTime> last_time_;
    std::map<std::int64_t, std::map<double, double>> periods_; ///< values to how often
    std::size_t points_ = 0;                                   ///< of all periods
    std::int64_t next_empty_;        ///< the first period that was not looked at for `otherwise`
    std::set<std::int64_t> flushed_; ///< periods from there on of which something was taken
    Seen seen_;
    Counts counts_;

    Result<void> prepare();
    [[nodiscard]] std::int64_t period_of(std::int64_t time) const;
    void count_line(std::string_view line, std::time_t now);
    [[nodiscard]] std::int64_t time_of(std::string_view line, std::time_t now);
    [[nodiscard]] std::optional<double> value_of(std::string_view line) const;
    [[nodiscard]] std::string key_of(std::string_view line) const;
    void add(std::int64_t period, double value, double times);
    void add_empty(std::int64_t end);
    [[nodiscard]] std::vector<Datum> take_before(std::int64_t end);
    [[nodiscard]] Datum datum_of(std::int64_t period, std::map<double, double> values) const;
};

/// A decimal number, with a sign, a point and an exponent as it may be; not NaN or infinite, and
/// within the service's range.
[[nodiscard]] std::optional<double> parse_metric_value(std::string_view text);

} // namespace hostav
