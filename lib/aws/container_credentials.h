// SPDX-License-Identifier: GPL-2.0-only
//
// Credentials of a container, from the endpoint that ECS, EKS Pod Identity or Greengrass names in
// the environment
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). Never
// through a proxy.
#pragma once

#include "aws/environment.h"
#include "aws/signer.h"
#include "base/error.h"
#include "net/http_client.h"

#include <optional>
#include <string>

namespace hostav {

/// Nothing when the environment names no endpoint. The authorization token's file is read anew each
/// time. Over http only to hosts that are this machine or link-local.
[[nodiscard]] Result<std::optional<AwsCredentials>>
container_credentials(const AwsEnvironment &environment, HttpClient &http);

} // namespace hostav
