// SPDX-License-Identifier: GPL-2.0-only
//
// Names of groups and streams: `{instance_id}`, `{hostname}` and `{ip_address}`, in any
// combination, and what CloudWatch Logs allows (CreateLogGroup and CreateLogStream in its API
// reference).
#pragma once

#include "base/error.h"

#include <cstddef>
#include <functional>
#include <string>

namespace hostav {

constexpr std::size_t longest_log_name = 512;

/// The value of a placeholder by its name.
using Placeholder = std::function<Result<std::string>(const std::string &name)>;

/// The text with every placeholder replaced; `value` is asked for those only that are in it. Fails
/// for one that is not known, and as `value` does. `what` is the error's.
[[nodiscard]] Result<std::string>
expand_placeholders(const std::string &text, const Placeholder &value, const std::string &what);
/// 1 to 512 of `A-Z a-z 0-9 . - _ / #`, not beginning with `aws/`.
[[nodiscard]] Result<void> check_group_name(const std::string &name, const std::string &what);
/// 1 to 512 bytes without `:` and `*`.
[[nodiscard]] Result<void> check_stream_name(const std::string &name, const std::string &what);

} // namespace hostav
