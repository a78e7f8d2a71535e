// SPDX-License-Identifier: GPL-2.0-only
//
// Sets that failed their proof: STATE/refused/TIME with the files (linked) and `report`, for
// whoever wants to know. The last three are kept.
#pragma once

#include "base/error.h"
#include "update/session.h"

#include <string>
#include <vector>

namespace hostav {

/// The directory that now holds them.
[[nodiscard]] Result<std::string> keep_aside(const Places &places, int staging,
                                             const std::vector<Refusal> &refused,
                                             const DatabaseSet &set);

} // namespace hostav
