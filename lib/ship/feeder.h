// SPDX-License-Identifier: GPL-2.0-only
//
// What has to be looked after so that inputs have something: files that are followed, standard
// input, the journal. One interface for the loop (ship/shipper.h).
#pragma once

#include "follow/input.h"

#include <chrono>
#include <poll.h>
#include <string>
#include <vector>

namespace hostav {

class Feeder {
  public:
    using Clock = Input::Clock;
    Feeder() = default;
    Feeder(const Feeder &) = delete;
    Feeder &operator=(const Feeder &) = delete;
    Feeder(Feeder &&) = delete;
    Feeder &operator=(Feeder &&) = delete;
    virtual ~Feeder() = default;

    virtual void add_descriptors(std::vector<pollfd> &to) const = 0;
    /// When work() wants to be called although no descriptor is ready.
    [[nodiscard]] virtual Clock::time_point next_work() const = 0;
    struct Changes {
        std::vector<Input *> appeared;
        std::vector<Input *> gone;  ///< not to be used after the next work()
        std::vector<Input *> moved; ///< their records have changed without a delivery
    };
    virtual Result<Changes> work(Clock::time_point now) = 0;
    /// Nothing more will come by itself (the end of stdin), or all that is there is known (files).
    [[nodiscard]] virtual bool ended() const = 0;
    /// Reads no more.
    virtual void stop() {}
    /// --once: all that was there when the input appeared is delivered, however fast it grows.
    [[nodiscard]] virtual bool has_enough(const Input & /*input*/) const { return false; }
    /// At the end: keeps what can be kept. Bytes that were read, are not delivered, and die with
    /// this process.
    virtual std::uint64_t conclude() { return 0; }
};

} // namespace hostav
