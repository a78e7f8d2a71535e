// SPDX-License-Identifier: GPL-2.0-only
//
// Form bodies (application/x-www-form-urlencoded) as AWS's query services take them: %XX of RFC
// 3986, `%20` for a blank.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hostav {

/// Every byte as %XX but the unreserved ones and those of `keep`.
[[nodiscard]] std::string percent_encoded(std::string_view text, std::string_view keep = {});
/// `a=b&c=d`
[[nodiscard]] std::string
form_body(const std::vector<std::pair<std::string, std::string>> &parameters);
inline constexpr const char *form_content_type = "application/x-www-form-urlencoded; charset=utf-8";

} // namespace hostav
