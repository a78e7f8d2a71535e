// SPDX-License-Identifier: GPL-2.0-only
//
// Where data points go. A sink tries once, or says what happened; when to try again and what to
// give up is its owner's (metric/pusher.h), the same for all of them.
#pragma once

#include "metric/datum.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace hostav {

struct Pushed {
    enum class Outcome {
        accepted,
        again,   ///< throttled, not reachable, an error of the service's: soon, with backoff
        denied,  ///< no permission, no credentials, a wrong address: it needs somebody
        invalid, ///< something in these data is refused
    };
    Outcome outcome = Outcome::again;
    std::size_t data = 0; ///< accepted: how many, the first ones of what was given
    std::string why;      ///< one printable line; of what is accepted, what else went wrong
    std::chrono::milliseconds retry_after{0};
};

class MetricSink {
  public:
    MetricSink() = default;
    MetricSink(const MetricSink &) = delete;
    MetricSink &operator=(const MetricSink &) = delete;
    MetricSink(MetricSink &&) = delete;
    MetricSink &operator=(MetricSink &&) = delete;
    virtual ~MetricSink() = default;

    using Done = std::function<void(Pushed)>;
    /// Whether data of one push may be of these two metrics.
    [[nodiscard]] virtual bool takes_together(const Metric &a, const Metric &b) const {
        return a == b;
    }
    /// Calls `done` exactly once, from here or from HttpClient::wait(). One push at a time.
    virtual void push(const std::vector<Datum> &data, Done done) = 0;
};

/// What a push did that was over at once.
[[nodiscard]] inline Pushed pushed_now(const Result<void> &done, std::size_t data) {
    if (!done)
        return {Pushed::Outcome::again, 0, done.error().text(), {}};
    return {Pushed::Outcome::accepted, data, "", {}};
}

/// How the values of a datum look to a sink that knows sums only.
[[nodiscard]] double sum_of(const Datum &datum);
[[nodiscard]] double count_of(const Datum &datum);
/// As short as it is exact: `3`, `0.5`, `1e+100`.
[[nodiscard]] std::string number_text(double value);

} // namespace hostav
