// SPDX-License-Identifier: GPL-2.0-only
//
// Region and endpoint of a service: options, environment, profile, the partition's rule
// (https://docs.aws.amazon.com/general/latest/gr/rande.html).
#pragma once

#include "aws/environment.h"
#include "aws/metadata.h"
#include "aws/profile.h"
#include "base/error.h"

#include <string>

namespace hostav {

/// --region, AWS_REGION, AWS_DEFAULT_REGION, the profile's, the instance's. The failure says what
/// to do.
[[nodiscard]] Result<std::string> find_region(const AwsEnvironment &environment,
                                              const AwsProfiles &profiles, Metadata &metadata);

struct AwsService;
/// As find_region(); where there is none but an endpoint is configured, any: that is a stand-in,
/// which wants to see some region signed.
[[nodiscard]] Result<std::string> find_signing_region(const AwsEnvironment &environment,
                                                      const AwsProfiles &profiles,
                                                      Metadata &metadata,
                                                      const AwsService &service);

/// A service by its endpoint prefix, signing name and the name in AWS_ENDPOINT_URL_…
struct AwsService {
    const char *prefix;   ///< `logs`, `monitoring`, `sns`, `sts`
    const char *signing;  ///< signing name
    const char *variable; ///< `CLOUDWATCH_LOGS`, `CLOUDWATCH`, `SNS`, `STS`
};
inline constexpr AwsService logs_service{"logs", "logs", "CLOUDWATCH_LOGS"};
inline constexpr AwsService cloudwatch_service{"monitoring", "monitoring", "CLOUDWATCH"};
inline constexpr AwsService sns_service{"sns", "sns", "SNS"};
inline constexpr AwsService sts_service{"sts", "sts", "STS"};

/// --endpoint-url, AWS_ENDPOINT_URL_SERVICE, AWS_ENDPOINT_URL, the profile's, else the rule. Fails
/// for what is no http or https URL and for a region that cannot be one.
[[nodiscard]] Result<std::string> find_endpoint(const AwsEnvironment &environment,
                                                const AwsProfiles &profiles,
                                                const AwsService &service,
                                                const std::string &region);

/// What of the options is wrong whatever the environment says.
[[nodiscard]] Result<void> check_aws_options(const AwsOptions &options, const AwsService &service);

/// The partition of a region, as ARNs begin: `aws`, `aws-cn`, `aws-us-gov` …
[[nodiscard]] std::string partition_name(const std::string &region);

} // namespace hostav
