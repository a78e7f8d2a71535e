// SPDX-License-Identifier: GPL-2.0-only
//
// Where events come from. An input remembers two places: where the next fill() begins, and the one
// before which all is delivered, which its owner keeps durably (record()). One fill is on its way
// at a time: fill, deliver, record, fill. What was filled and not recorded comes again after a
// crash.
#pragma once

#include "base/error.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hostav {

/// Milliseconds since 1970, as services count them.
using EventTime = std::int64_t;

/// One line, or several that belong together.
struct Event {
    EventTime time = 0;
    std::string_view message; ///< valid UTF-8, not empty; valid during the call only
    std::uint64_t offset = 0; ///< where it begins in its source, for people
};

/// Takes an event; false when it cannot take this one: it comes first in the next fill.
using TakeEvent = std::function<bool(const Event &)>;

class Input {
  public:
    using Clock = std::chrono::steady_clock;
    Input() = default;
    Input(const Input &) = delete;
    Input &operator=(const Input &) = delete;
    Input(Input &&) = delete;
    Input &operator=(Input &&) = delete;
    virtual ~Input() = default;

    /// The path, `stdin`, `journal` …; not escaped.
    [[nodiscard]] virtual std::string name() const = 0;
    /// Bytes that can be filled now, as far as it is known without reading (0: none).
    [[nodiscard]] virtual std::uint64_t waiting() const = 0;
    /// Since when they wait; max() when none do.
    [[nodiscard]] virtual Clock::time_point waiting_since() const = 0;

    /// Nothing is there, nor anything that only has to wait for its end.
    [[nodiscard]] virtual bool idle() const { return waiting() == 0; }

    struct Filled {
        std::size_t events = 0;
        bool refused = false; ///< the taker had no room: there is more
        bool again = false;   ///< there is more, but it belongs into another batch (the next file)
        std::uint64_t replaced = 0; ///< invalid sequences that became U+FFFD
        std::uint64_t split = 0;    ///< pieces of events that were too long
        std::uint64_t dated = 0;    ///< events with a time of their own
    };
    /// Hands events in order to `take`. `flush`: there will be no better time for what waits for
    /// its end (a half line, the next line of a long event), take it as it is.
    virtual Result<Filled> fill(const TakeEvent &take, bool flush) = 0;
    /// What was filled last (and before) is delivered: from here on record() says so, and the next
    /// fill() goes on after it. Until then fill() may not be called again.
    virtual void delivered() = 0;

    /// The key of its record among all inputs' (at most 400 bytes) and the record itself, a line of
    /// text.
    [[nodiscard]] virtual std::string key() const = 0;
    [[nodiscard]] virtual std::string record() const = 0;
    /// Nothing will ever come again (the end of stdin; a file that is gone and read to its end):
    /// its owner forgets it, and its record where there is one.
    [[nodiscard]] virtual bool finished() const = 0;
};

} // namespace hostav
