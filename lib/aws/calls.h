// SPDX-License-Identifier: GPL-2.0-only
//
// How a call of each service looks: CloudWatch Logs speaks JSON 1.1, CloudWatch JSON 1.0 (as it has
// it for new clients), SNS query forms only.
#pragma once

#include "aws/request.h"

#include <string>
#include <utility>
#include <vector>

namespace hostav {

[[nodiscard]] AwsCall logs_call(const std::string &operation, std::string body);
[[nodiscard]] AwsCall metrics_call(const std::string &operation, std::string body);

using FormParameters = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] AwsCall sns_call(const std::string &operation, const FormParameters &parameters);

} // namespace hostav
