// SPDX-License-Identifier: GPL-2.0-only
//
// A datum as a line of JSON, for keeping it on disk.
#pragma once

#include "base/error.h"
#include "metric/datum.h"

#include <string>
#include <string_view>

namespace hostav {

/// One line without its end.
[[nodiscard]] std::string datum_text(const Datum &datum);
/// Fails for what is none, or none that may be pushed.
[[nodiscard]] Result<Datum> read_datum(std::string_view text);

} // namespace hostav
