// SPDX-License-Identifier: GPL-2.0-only
//
// What the environment and the command line say about AWS, for all tools that talk to it. The one
// place of the library that reads environment variables, because AWS's own tools define them.
#pragma once

#include "base/error.h"
#include "conf/command_line.h"
#include "net/http_client.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// Options that logship and metric-push share.
struct AwsOptions {
    std::optional<std::string> region, profile, endpoint_url;
    std::optional<std::string> config_file; ///< --aws-config: awscli.conf, or any AWS config file
    std::optional<std::string> ca_bundle;
    bool imds_v1 = false; ///< --imds-v1: only when version 2 does not answer
    bool fips = false, dual_stack = false;
};
/// Declares them in a group `AWS` of --help.
void add_aws_options(CommandLine &line, AwsOptions &options);

/// A variable's value, empty when it is not set; the environment by default, a table in tests.
using Variables = std::function<std::string(const char *name)>;
[[nodiscard]] Variables environment_variables();

/// Everything that decides how to reach a service, read once; files are read again by
/// Credentials (aws/credentials.h) when they change.
struct AwsEnvironment {
    AwsOptions options;
    Variables variables;
    std::string config_file;        ///< --aws-config, AWS_CONFIG_FILE, ~/.aws/config
    std::string credentials_file;   ///< AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials
    std::string profile;            ///< --profile, AWS_PROFILE, AWS_DEFAULT_PROFILE, `default`
    bool profile_by_option = false; ///< then it comes before the environment's keys
};
[[nodiscard]] AwsEnvironment aws_environment(const AwsOptions &options, Variables variables);
/// Proxies, certificates and agent name as AWS_CA_BUNDLE, HTTP(S)_PROXY and NO_PROXY say, either
/// case.
[[nodiscard]] HttpClientOptions http_options(const AwsEnvironment &environment,
                                             const std::string &user_agent);

} // namespace hostav
