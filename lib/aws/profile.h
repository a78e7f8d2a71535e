// SPDX-License-Identifier: GPL-2.0-only
//
// AWS's shared configuration and credentials files
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html), with awslogs' awscli.conf as
// one of them: its `[plugins]` means nothing here.
#pragma once

#include "aws/environment.h"
#include "base/error.h"

#include <map>
#include <string>

namespace hostav {

/// Keys in lower case; nested ones (`services`) as `parent.child`.
using AwsProfile = std::map<std::string, std::string>;

struct AwsProfiles {
    std::map<std::string, AwsProfile> profiles; ///< both files together, credentials first
    std::map<std::string, AwsProfile> services; ///< `[services NAME]`
    [[nodiscard]] std::string value(const std::string &profile, const std::string &key) const;
};

/// A file that is not there is an empty one; one that cannot be read or parsed is a failure with
/// file and line (never with the line's text: it may be a secret).
[[nodiscard]] Result<AwsProfiles> read_aws_profiles(const AwsEnvironment &environment);
/// Whether there is such a profile; the failure names it and the files that were looked into.
[[nodiscard]] Result<void> check_profile(const AwsEnvironment &environment,
                                         const AwsProfiles &profiles, const std::string &name);
/// --aws-config and --profile: whether they name what is there. what = the option.
[[nodiscard]] Result<void> check_profile_options(const AwsEnvironment &environment);
/// AWS_PROFILE that is nowhere, where credentials depend on it.
[[nodiscard]] Result<void> check_variable_profile(const AwsEnvironment &environment,
                                                  const AwsProfiles &profiles);

} // namespace hostav
