// SPDX-License-Identifier: GPL-2.0-only
//
// The instance metadata service of EC2, version 2
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html);
// version 1 only on request. Never through a proxy. Each request waits 1 second at most, three
// tries, so a machine that is no instance costs seconds once: then it is not asked for a minute.
#pragma once

#include "aws/environment.h"
#include "base/error.h"
#include "net/http_client.h"

#include <chrono>
#include <map>
#include <string>

namespace hostav {

class Metadata {
  public:
    /// Both must outlive it.
    Metadata(const AwsEnvironment &environment, HttpClient &http);

    /// The value of a path such as `/latest/meta-data/instance-id`. The why of a failure says what
    /// to do: disabled by AWS_EC2_METADATA_DISABLED, no instance, the hop limit of a container …
    Result<std::string> get(const std::string &path);
    /// `region`, `instanceId`, `privateIp`, `accountId` … of the instance identity document.
    Result<std::map<std::string, std::string>> identity_document();

  private:
    using Clock = std::chrono::steady_clock;
    const AwsEnvironment &environment_;
    HttpClient &http_;
    std::string token_;
    Clock::time_point token_until_;
    Clock::time_point not_before_;
    std::string last_failure_;
    std::map<std::string, std::string> document_;
    Result<void> refresh_token();
    HttpResponse ask(const std::string &method, const std::string &path, const std::string &header);
    /// Says what an answer means that is none, and that nobody asks again for a while.
    Error failed(const HttpResponse &response);
    [[nodiscard]] std::string base_url() const;
};

} // namespace hostav
