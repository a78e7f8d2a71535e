// SPDX-License-Identifier: GPL-2.0-only
//
// What the state says of streams and files, for --status.
#pragma once

#include "base/error.h"
#include "store/durable_map.h"

#include <cstdint>
#include <ctime>
#include <string>

namespace hostav {

struct StreamStatus {
    std::time_t last_success = 0, last_error = 0;
    std::string error;
    std::uint64_t events = 0, rejected = 0, replaced = 0, split = 0; ///< since the last start
};

[[nodiscard]] std::string status_key(const std::string &section);
[[nodiscard]] std::string status_record(const StreamStatus &status);

struct StatusReport {
    std::string text;
    bool good = true; ///< nothing waits whose delivery fails
};
/// Of everything in the state; `prefix` as ShipperOptions::record_prefix. `json`: one object a
/// line.
[[nodiscard]] Result<StatusReport> read_status(const DurableMap &state, const std::string &prefix,
                                               bool json);

} // namespace hostav
