// SPDX-License-Identifier: GPL-2.0-only
//
// Signature version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html) on
// OpenSSL's EVP by base/digest.h. Not libcurl's: 7.88 signs headers that it then does not send, and
// cannot take a corrected date. The key of a day is derived anew each time: that is four HMACs of a
// block or two, nothing beside the digest of a batch, and so no key is kept.
#pragma once

#include "base/error.h"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// Secrets: never printed, overwritten when they go.
struct AwsCredentials {
    std::string access_key_id, secret_access_key;
    std::string session_token;  ///< empty: none
    std::time_t expiration = 0; ///< 0: never
    std::string source;         ///< `environment`, `profile x`, `instance role y` …, for people
    AwsCredentials() = default;
    AwsCredentials(const AwsCredentials &) = default;
    AwsCredentials(AwsCredentials &&) = default;
    AwsCredentials &operator=(const AwsCredentials &other);
    AwsCredentials &operator=(AwsCredentials &&other) noexcept;
    ~AwsCredentials();
};

struct SigningRequest {
    std::string method = "POST";
    std::string host; ///< as it will be sent, with the port where that is not the scheme's
    std::string path = "/";
    std::string query;                ///< encoded as sent, without `?`
    std::vector<std::string> headers; ///< `Name: value` to be signed, host and date apart
    std::string_view body;            ///< as sent: compressed, where it is
    std::string region, service;
    std::time_t now = 0;
};

/// The headers to add: X-Amz-Date, X-Amz-Security-Token (where there is one), Authorization.
[[nodiscard]] std::vector<std::string> sign_request(const SigningRequest &request,
                                                    const AwsCredentials &credentials);

} // namespace hostav
