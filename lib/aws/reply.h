// SPDX-License-Identifier: GPL-2.0-only
//
// Answers of AWS services, JSON and XML ones, and what kind of error they are
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html and the
// errors of each call).
#pragma once

#include "net/http_client.h"

#include <chrono>
#include <ctime>
#include <optional>
#include <string>

namespace hostav {

enum class AwsErrorKind {
    none,
    throttled,      ///< too many requests: back off
    unavailable,    ///< 5xx, no answer, time-out: back off
    denied,         ///< AccessDenied: a permission is missing
    credentials,    ///< none found, or refused twice
    not_found,      ///< ResourceNotFoundException
    already_exists, ///< ResourceAlreadyExistsException
    conflict,       ///< OperationAbortedException: again in a moment
    invalid,        ///< the request itself: InvalidParameter…, SerializationException, 413
    other
};

struct AwsReply {
    AwsErrorKind error = AwsErrorKind::none;
    std::string code;    ///< `ThrottlingException`; empty without an error of the service's
    std::string message; ///< one short printable line: what failed, why, and what to do
    std::string body;
    std::string request_body;                 ///< the call's, given back, for making it again
    std::chrono::milliseconds retry_after{0}; ///< of the Retry-After header
    bool ambiguous = false;                   ///< no answer came, but it may have been accepted
};

/// What kind of error an answer is, by `x-amzn-ErrorType`, the body's `__type` (JSON) or `<Code>`
/// (XML) and the status. Pure, but for the body and the request's, which move.
[[nodiscard]] AwsReply read_aws_reply(HttpResponse response);

/// How far our clock is behind the service's, when that is why it refused a request of `now`.
[[nodiscard]] std::optional<std::chrono::seconds>
clock_error(const AwsReply &reply, const std::string &date_header, std::time_t now);

} // namespace hostav
