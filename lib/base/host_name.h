// SPDX-License-Identifier: GPL-2.0-only
//
// What this machine calls itself.
#pragma once

#include <string>

namespace hostav {

/// gethostname(2); `localhost` where it has none.
[[nodiscard]] std::string own_host_name();

} // namespace hostav
