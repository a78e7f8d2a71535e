// SPDX-License-Identifier: GPL-2.0-only
//
// How long to wait before something is tried again: full jitter, so that a fleet that failed
// together does not come back together
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
#pragma once

#include <chrono>
#include <random>

namespace hostav {

class Backoff {
  public:
    using Time = std::chrono::milliseconds;
    Backoff(Time first, Time longest);

    /// After another failure: between nothing and first x 2^failures, `longest` at most, but never
    /// less than `least` (what the server asked for).
    [[nodiscard]] Time failed(Time least = Time(0));
    void succeeded() { failures_ = 0; }
    [[nodiscard]] unsigned failures() const { return failures_; }

  private:
    Time first_, longest_;
    unsigned failures_ = 0;
    std::minstd_rand random_;
};

} // namespace hostav
