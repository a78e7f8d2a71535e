// SPDX-License-Identifier: GPL-2.0-only
//
// The line of a detection as clamd, clamscan and hostav's tools write it: `PATH: SIGNATURE FOUND`,
// in clamd's log with `Thu Nov 26 07:43:10 2026 -> ` before it.
#pragma once

#include <optional>
#include <string_view>

namespace hostav {

/// Views into the line; the path as it is written there (escaped).
struct FoundLine {
    std::string_view path, signature;
};

[[nodiscard]] std::optional<FoundLine> parse_found_line(std::string_view line);

} // namespace hostav
