// SPDX-License-Identifier: GPL-2.0-only
//
// Times in HTTP's headers (RFC 9110, section 5.6.7), read by libcurl in any of its forms.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace hostav {

[[nodiscard]] std::optional<std::time_t> parse_http_date(const std::string &text);
/// Seconds from now that a Retry-After header names: a number, or a date.
[[nodiscard]] std::optional<std::uint64_t> parse_retry_after(const std::string &value);

} // namespace hostav
