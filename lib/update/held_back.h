// SPDX-License-Identifier: GPL-2.0-only
//
// Applies --hold and what was rolled back to a staged set: a held database is at its version, from
// a kept set where it must be; a version that was rolled back is not installed again.
#pragma once

#include "update/candidate.h"
#include "update/holds.h"

namespace hostav {

[[nodiscard]] Result<void> hold_back(Session &session, const Candidate &candidate,
                                     const Holds &holds);

} // namespace hostav
