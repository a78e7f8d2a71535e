// SPDX-License-Identifier: GPL-2.0-only
//
// The client's side: what `onaccess-watch --status` and `--ping` ask of the daemon that runs.
#pragma once

#include "base/error.h"
#include "watch/config.h"

#include <string>

namespace hostav {

/// PONG or not.
[[nodiscard]] bool answers_ping(const WatchConfig &config);

struct WatchStatus {
    std::string text;  ///< for people, or with `json` the daemon's own line
    bool good = false; ///< everything that is configured is done
};
/// Fails when no daemon answers.
[[nodiscard]] Result<WatchStatus> ask_status(const WatchConfig &config, bool json);

} // namespace hostav
