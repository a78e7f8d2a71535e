// SPDX-License-Identifier: GPL-2.0-only
//
// One call of a service as the HTTP request that carries it: headers, signature.
#pragma once

#include "aws/endpoint.h"
#include "aws/signer.h"
#include "base/error.h"
#include "net/http_client.h"

#include <chrono>
#include <ctime>
#include <string>

namespace hostav {

struct AwsCall {
    std::string target;       ///< X-Amz-Target, for JSON services; empty for query ones
    std::string content_type; ///< `application/x-amz-json-1.1`
    std::string body;
    bool gzipped = false;                 ///< the body is; Content-Encoding is sent and signed
    std::chrono::milliseconds timeout{0}; ///< of one attempt; 0: HttpRequest's
};

/// Where a call goes and what it is signed for.
struct AwsPlace {
    const AwsService &service;
    const std::string &region, &endpoint;
};

/// `credentials` null: not signed. The call's body moves into the request.
[[nodiscard]] Result<HttpRequest> aws_request(const AwsPlace &place, AwsCall &call,
                                              const AwsCredentials *credentials, std::time_t now);

} // namespace hostav
