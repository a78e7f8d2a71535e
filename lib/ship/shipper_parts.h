// SPDX-License-Identifier: GPL-2.0-only
//
// What shipper.cc and shipper_flights.cc share.
#pragma once

#include "ship/shipper.h"

#include <ctime>
#include <utility>
#include <vector>

namespace hostav {

/// A batch on its way, whole or in parts.
struct Shipper::Flight {
    Input *input = nullptr; ///< null once it has gone
    const Stream *stream = nullptr;
    std::string source;
    Batch batch;
    /// What is still to be delivered, the next one last: one part, or more after a split.
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    bool sent = false; ///< the last of `parts` is the sink's
    bool more = false;
};

/// What --status says of a stream.
struct Shipper::Status {
    std::time_t last_success = 0, last_error = 0;
    std::string error;
    std::uint64_t events = 0, rejected = 0, replaced = 0, split = 0;
    bool changed = false;
};

} // namespace hostav
