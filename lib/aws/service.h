// SPDX-License-Identifier: GPL-2.0-only
//
// One AWS service's calls: signed, sent, answers and errors read; what is the same for all of them
// is done here: credentials that expire or are refused are fetched again and the call repeated
// once, a wrong clock is corrected from the answer's Date and the call repeated once. Everything
// else is told to the caller as a kind of error.
#pragma once

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "base/error.h"
#include "net/http_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
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
    std::string message; ///< one printable line: what failed and why, and what to do
    std::string body;
    std::chrono::milliseconds retry_after{0}; ///< of the Retry-After header
    bool ambiguous = false;                   ///< no answer came, but it may have been accepted
};

struct AwsCall {
    std::string target;       ///< X-Amz-Target, for JSON services; empty for query ones
    std::string content_type; ///< `application/x-amz-json-1.1`
    std::string body;
    bool gzipped = false; ///< the body is; Content-Encoding is sent and signed
};

class AwsServiceClient {
  public:
    struct Parts {
        const AwsEnvironment &environment;
        HttpClient &http;
        Credentials &credentials;
    };
    AwsServiceClient(const Parts &parts, const AwsService &service, std::string region,
                     std::string endpoint);

    using Done = std::function<void(AwsReply)>;
    /// `done` is called from HttpClient::wait(), exactly once (or from here, when there are no
    /// credentials).
    void call(AwsCall call, Done done);
    /// The same to its end.
    [[nodiscard]] AwsReply call(AwsCall call);

    /// Our clock as far as the service has corrected it.
    [[nodiscard]] std::time_t now() const;
    [[nodiscard]] std::chrono::seconds clock_offset() const { return offset_; }
    [[nodiscard]] const std::string &region() const { return region_; }
    [[nodiscard]] const std::string &endpoint() const { return endpoint_; }

  private:
    Parts parts_;
    AwsService service_;
    std::string region_, endpoint_;
    std::chrono::seconds offset_{0};
    struct Attempt;
    void send(std::shared_ptr<Attempt> attempt);
    void take(const std::shared_ptr<Attempt> &attempt, HttpResponse response);
};

/// What kind of error an answer is, by `x-amzn-ErrorType`, the body's `__type` (JSON) or `<Code>`
/// (XML) and the status. Pure.
[[nodiscard]] AwsReply read_aws_reply(const HttpResponse &response);

} // namespace hostav
