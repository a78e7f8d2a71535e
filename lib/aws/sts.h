// SPDX-License-Identifier: GPL-2.0-only
//
// The two calls of AWS's Security Token Service that give credentials of a role
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html).
#pragma once

#include "aws/environment.h"
#include "aws/profile.h"
#include "aws/signer.h"
#include "base/error.h"
#include "net/http_client.h"

#include <ctime>
#include <string>

namespace hostav {

struct StsRole {
    std::string arn;
    std::string session_name; ///< empty: one of ours
    std::string external_id;
    std::string duration; ///< seconds; empty: the role's default
};

/// How STS is reached, and the time that requests are signed with.
struct StsAccess {
    const AwsEnvironment &environment;
    const AwsProfiles &profiles;
    HttpClient &http;
    const std::string &region;
    std::time_t now;
};

/// Signed with `own`.
[[nodiscard]] Result<AwsCredentials> assume_role(const StsAccess &access, const StsRole &role,
                                                 const AwsCredentials &own,
                                                 const std::string &source);
/// The token is all the proof there is: not signed.
[[nodiscard]] Result<AwsCredentials> assume_role_with_web_identity(const StsAccess &access,
                                                                   const StsRole &role,
                                                                   const std::string &token,
                                                                   const std::string &source);

} // namespace hostav
