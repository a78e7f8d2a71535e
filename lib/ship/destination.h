// SPDX-License-Identifier: GPL-2.0-only
//
// Names of groups and streams: what CloudWatch Logs allows (CreateLogGroup and CreateLogStream in
// its API reference).
#pragma once

#include "base/error.h"

#include <cstddef>
#include <string>

namespace hostav {

constexpr std::size_t longest_log_name = 512;

/// 1 to 512 of `A-Z a-z 0-9 . - _ / #`, not beginning with `aws/`.
[[nodiscard]] Result<void> check_group_name(const std::string &name, const std::string &what);
/// 1 to 512 bytes without `:` and `*`.
[[nodiscard]] Result<void> check_stream_name(const std::string &name, const std::string &what);

} // namespace hostav
