// SPDX-License-Identifier: GPL-2.0-only
//
// The services of an account for a command that makes one call after another and waits for each.
// What passes (throttling, an error of the service's, no answer) is tried again with growing pauses
// until a call's time is over; all calls made through here may be made twice without harm.
#pragma once

#include "aws/calls.h"
#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/metadata.h"
#include "aws/service.h"

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace hostav {

struct AwsFailure {
    AwsErrorKind kind = AwsErrorKind::other;
    std::string why; ///< one printable line: `CreateTopic: AuthorizationError: …`
};
template <typename T = void>
using AwsResult = std::expected<T, AwsFailure>;

class AwsServices {
  public:
    struct Settings {
        AwsOptions options;
        Variables variables;
        std::string user_agent;
        std::chrono::seconds patience{60}; ///< for a call with all its tries
    };
    /// Finds the region. The failure says what to do.
    [[nodiscard]] static Result<std::unique_ptr<AwsServices>> connect(Settings settings);

    /// The answer's body.
    [[nodiscard]] AwsResult<std::string> logs(const std::string &operation, std::string body);
    [[nodiscard]] AwsResult<std::string> metrics(const std::string &operation, std::string body);
    [[nodiscard]] AwsResult<std::string> sns(const std::string &operation,
                                             const FormParameters &parameters);
    [[nodiscard]] const std::string &region() const { return region_; }

  private:
    explicit AwsServices(Settings settings);
    Settings settings_;
    AwsEnvironment environment_;
    HttpClient http_;
    Metadata metadata_;
    AwsProfiles profiles_;
    std::string region_;
    std::unique_ptr<Credentials> credentials_;
    std::map<std::string, AwsServiceClient> clients_; ///< by prefix
    Result<AwsServiceClient *> client(const AwsService &service);
    AwsResult<std::string> call(const AwsService &service, const std::string &operation,
                                AwsCall call);
};

/// All pages of a list: `page` reads one, of an empty token the first, and returns the next one's
/// token, empty after the last. Answers that never end are a failure.
[[nodiscard]] AwsResult<>
read_pages(const std::string &operation,
           const std::function<AwsResult<std::string>(const std::string &token)> &page);

/// Of an answer that is not what the service's documentation says.
[[nodiscard]] std::unexpected<AwsFailure> unexpected_answer(const std::string &operation);

} // namespace hostav
