// SPDX-License-Identifier: GPL-2.0-only
//
// Times as AWS writes them, all in UTC.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

/// `20260102T030405Z`, as requests are signed with.
[[nodiscard]] std::string amz_date(std::time_t time);
/// ISO 8601 with seconds: `2026-01-02T03:04:05Z`, a fraction (cut off) or an offset allowed.
[[nodiscard]] std::optional<std::time_t> parse_iso_time(std::string_view text);

} // namespace hostav
