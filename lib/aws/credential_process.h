// SPDX-License-Identifier: GPL-2.0-only
//
// A program that prints credentials (`credential_process` of a profile,
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html). No shell: the
// words are split as a POSIX shell does, quotes and backslashes included, and nothing else.
#pragma once

#include "aws/signer.h"
#include "base/error.h"

#include <string>
#include <vector>

namespace hostav {

/// Fails for a quote that is not closed and for no words at all.
[[nodiscard]] Result<std::vector<std::string>> split_words(const std::string &line);

/// Runs it, for a minute at most. What it writes to stderr is lost: it may be a secret.
[[nodiscard]] Result<AwsCredentials> credentials_of_process(const std::string &line,
                                                            const std::string &source);

} // namespace hostav
