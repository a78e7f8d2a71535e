// SPDX-License-Identifier: GPL-2.0-only
//
// `--list`: the live set and the kept ones, for people.
#pragma once

#include "base/error.h"
#include "update/places.h"

#include <string>

namespace hostav {

/// The live set first, number 0 as --rollback counts; a line a database.
[[nodiscard]] Result<std::string> list_sets(const Places &places);
/// The same as one JSON object, without a line end.
[[nodiscard]] Result<std::string> list_sets_json(const Places &places);

} // namespace hostav
