// SPDX-License-Identifier: GPL-2.0-only
//
// Where a tool remembers things between its runs.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <functional>
#include <string>

namespace hostav {

/// Where nothing else is said: the service's ($STATE_DIRECTORY of systemd), root's
/// (/var/lib/TOOL), the user's (TOOL in $XDG_STATE_HOME or ~/.local/state). `variable` gives one of
/// the environment, empty where it is not set.
[[nodiscard]] std::string
usual_state_directory(const std::string &tool,
                      const std::function<std::string(const char *name)> &variable);

/// Makes it, with what is missing above it; ours alone (0700). what = the directory.
[[nodiscard]] Result<Fd> make_state_directory(const std::string &path);

} // namespace hostav
