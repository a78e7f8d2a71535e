// SPDX-License-Identifier: GPL-2.0-only
//
// Private to the installation: the part that follows the journal, which recovery repeats.
#pragma once

#include "update/installation.h"

namespace hostav {

/// In the control directory: what becomes `current`.
inline constexpr const char *next_name = "next";

/// Does what the journal says, as far as it is not done, writes `current`, removes the journal.
/// Every new file must be in place or in the journal's source.
[[nodiscard]] Result<void> roll_forward(const Places &places, const Journal &journal);

} // namespace hostav
