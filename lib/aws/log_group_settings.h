// SPDX-License-Identifier: GPL-2.0-only
//
// A log group of CloudWatch Logs as something to be set up: whether it is there, how long it keeps
// its lines.
#pragma once

#include "aws/services.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hostav {

using AwsTags = std::map<std::string, std::string>;

struct LogGroup {
    std::string name;
    std::uint64_t retention_days = 0; ///< 0: for ever
    std::string group_class;          ///< `INFREQUENT_ACCESS` has no metric filters
};

/// Nothing where there is no such group.
[[nodiscard]] AwsResult<std::optional<LogGroup>> find_log_group(AwsServices &services,
                                                                const std::string &name);
/// One that is there already is a success.
[[nodiscard]] AwsResult<> create_log_group(AwsServices &services, const std::string &name,
                                           const AwsTags &tags);
/// 0: for ever.
[[nodiscard]] AwsResult<> set_retention(AwsServices &services, const std::string &name,
                                        std::uint64_t days);
/// With all that is in it. One that is gone already is a success.
[[nodiscard]] AwsResult<> delete_log_group(AwsServices &services, const std::string &name);

} // namespace hostav
