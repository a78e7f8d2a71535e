// SPDX-License-Identifier: GPL-2.0-only
//
// Credentials as those who hand them out write them: JSON of the instance metadata service, of
// container endpoints and of a credential_process, XML of STS. A failure never has a secret in it.
#pragma once

#include "aws/signer.h"
#include "base/error.h"

#include <string>

namespace hostav {

/// `token`: the field of the session token, `Token` or `SessionToken`. Overwrites `text`.
[[nodiscard]] Result<AwsCredentials> credentials_from_json(std::string &text, const char *token,
                                                           const std::string &source);
/// The answer to AssumeRole and AssumeRoleWithWebIdentity. Overwrites `text`.
[[nodiscard]] Result<AwsCredentials> credentials_from_xml(std::string &text,
                                                          const std::string &source);
/// Fails for what is missing, or cannot stand in a header.
[[nodiscard]] Result<AwsCredentials> checked(AwsCredentials credentials);

} // namespace hostav
