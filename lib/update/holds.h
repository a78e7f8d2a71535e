// SPDX-License-Identifier: GPL-2.0-only
//
// Which databases stay as they are: those of --hold at their version, and versions that were rolled
// back, which are not installed again. STATE/holds, one flat JSON object a line.
#pragma once

#include "base/error.h"
#include "update/places.h"

#include <string>
#include <vector>

namespace hostav {

enum class HoldKind { hold, rolled_back };

struct Hold {
    std::string database; ///< `daily`, or a file name where the kind has no versions
    std::string version;  ///< as DatabaseFile::version_text() gives it
    HoldKind kind = HoldKind::hold;
};
using Holds = std::vector<Hold>;

/// `daily=27800`.
[[nodiscard]] Result<Hold> parse_hold(const std::string &text);
[[nodiscard]] bool is_held(const Holds &holds, const std::string &database);
/// None when there is no such file.
[[nodiscard]] Result<Holds> read_holds(const Places &places);
[[nodiscard]] Result<void> write_holds(const Places &places, const Holds &holds);

} // namespace hostav
