// SPDX-License-Identifier: GPL-2.0-only
//
// One AWS service's calls: signed, sent, answers and errors read; what is the same for all of them
// is done here: credentials that expire or are refused are fetched again and the call repeated
// once, a wrong clock is corrected from the answer's Date and the call repeated once. Everything
// else is told to the caller as a kind of error.
#pragma once

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/reply.h"
#include "aws/request.h"
#include "base/error.h"
#include "net/http_client.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace hostav {

class AwsServiceClient {
  public:
    struct Parts {
        const AwsEnvironment &environment;
        HttpClient &http;
        Credentials &credentials;
    };
    AwsServiceClient(const Parts &parts, const AwsService &service, std::string region,
                     std::string endpoint);
    ~AwsServiceClient(); ///< cancels what runs, without an answer
    AwsServiceClient(const AwsServiceClient &) = delete;
    AwsServiceClient &operator=(const AwsServiceClient &) = delete;
    AwsServiceClient(AwsServiceClient &&) = delete;
    AwsServiceClient &operator=(AwsServiceClient &&) = delete;

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
    std::set<std::uint64_t> running_; ///< handles of HttpClient
    struct Attempt;
    /// Signed anew; a reply where it cannot even be sent.
    std::expected<HttpRequest, AwsReply> prepare(Attempt &attempt);
    /// Nothing when the call is to be made once more.
    std::optional<AwsReply> judge(Attempt &attempt, HttpResponse response);
    void send(const std::shared_ptr<Attempt> &attempt);
    [[nodiscard]] std::string advice(const AwsReply &reply, const std::string &source) const;
};

} // namespace hostav
