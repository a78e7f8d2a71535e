// SPDX-License-Identifier: GPL-2.0-only
//
// Where events go. A sink delivers, or says what happened; when to try again, what to split and
// what to keep is its owner's (ship/shipper.h), the same for all of them.
#pragma once

#include "base/error.h"
#include "ship/batch.h"

#include <chrono>
#include <functional>
#include <poll.h>
#include <string>
#include <utility>
#include <vector>

namespace hostav {

enum class Outcome {
    accepted, ///< apart from those that are rejected
    again,    ///< throttled, not reachable, an error of the service's: soon, with backoff
    denied,   ///< no permission, no credentials, a wrong address: slowly, it needs somebody
    invalid,  ///< something in these events is refused: in halves, until it is found
    closed,   ///< nothing will be taken any more (a pipe's reader has gone)
};

struct Delivery {
    Outcome outcome = Outcome::again;
    std::string why; ///< one printable line
    std::chrono::milliseconds retry_after{0};
    bool ambiguous = false; ///< it may have been accepted all the same
    std::string note{};     ///< of an accepted one: what else went wrong
    /// Which are not wanted, as positions in what was delivered, and why.
    std::vector<std::pair<std::size_t, std::string>> rejected{};
};

/// Some of a sorted batch's items; what it points to stays until the delivery is done.
struct Parcel {
    const Destination *destination = nullptr;
    const std::string *source = nullptr; ///< path, `stdin` …
    const Batch *batch = nullptr;
    std::size_t first = 0, count = 0;
};

class Sink {
  public:
    Sink() = default;
    Sink(const Sink &) = delete;
    Sink &operator=(const Sink &) = delete;
    Sink(Sink &&) = delete;
    Sink &operator=(Sink &&) = delete;
    virtual ~Sink() = default;

    using Done = std::function<void(Delivery)>;
    /// Calls `done` exactly once: from here, from work() or from HttpClient::wait(). One parcel for
    /// a destination at a time.
    virtual void deliver(const Parcel &parcel, Done done) = 0;
    [[nodiscard]] virtual BatchLimits limits() const { return {}; }
    /// Our clock as the service has corrected it, milliseconds.
    [[nodiscard]] virtual EventTime now() const;

    /// Descriptors of its own to wait for, and what to do when they are ready or `next_work` comes.
    virtual void add_descriptors(std::vector<pollfd> & /*to*/) const {}
    [[nodiscard]] virtual std::chrono::steady_clock::time_point next_work() const {
        return std::chrono::steady_clock::time_point::max();
    }
    virtual void work() {}
};

/// Milliseconds since 1970 by our own clock.
[[nodiscard]] EventTime wall_clock();

} // namespace hostav
