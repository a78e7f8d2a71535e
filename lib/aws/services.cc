// SPDX-License-Identifier: GPL-2.0-only
#include "aws/services.h"

#include "base/backoff.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{200}, longest_pause{5'000};
constexpr milliseconds longest_attempt{20'000};

bool passes(const AwsReply &reply) {
    // A quota is no matter of time.
    if (reply.code.find("LimitExceeded") != std::string::npos &&
        reply.code.find("Request") == std::string::npos)
        return false;
    return reply.error == AwsErrorKind::throttled || reply.error == AwsErrorKind::unavailable ||
           reply.error == AwsErrorKind::conflict;
}

} // namespace

AwsServices::AwsServices(Settings settings)
    : settings_(std::move(settings)),
      environment_(aws_environment(settings_.options, settings_.variables)),
      http_(http_options(environment_, settings_.user_agent)), metadata_(environment_, http_) {}

Result<std::unique_ptr<AwsServices>> AwsServices::connect(Settings settings) {
    std::unique_ptr<AwsServices> made(new AwsServices(std::move(settings)));
    auto profiles = read_aws_profiles(made->environment_);
    if (!profiles)
        return std::unexpected(profiles.error());
    made->profiles_ = std::move(*profiles);
    if (const auto sound = check_variable_profile(made->environment_, made->profiles_); !sound)
        return std::unexpected(sound.error());
    const auto region = find_signing_region(made->environment_, made->profiles_, made->metadata_,
                                            cloudwatch_service);
    if (!region)
        return std::unexpected(region.error());
    made->region_ = *region;
    made->credentials_ = std::make_unique<Credentials>(made->environment_, made->http_,
                                                       made->metadata_, made->region_);
    return made;
}

Result<AwsServiceClient *> AwsServices::client(const AwsService &service) {
    const auto found = clients_.find(service.prefix);
    if (found != clients_.end())
        return &found->second;
    const auto endpoint = find_endpoint(environment_, profiles_, service, region_);
    if (!endpoint)
        return std::unexpected(endpoint.error());
    const AwsServiceClient::Parts parts{environment_, http_, *credentials_};
    return &clients_.try_emplace(service.prefix, parts, service, region_, *endpoint).first->second;
}

AwsResult<std::string> AwsServices::call(const AwsService &service, const std::string &operation,
                                         AwsCall call) {
    const auto to = client(service);
    if (!to)
        return std::unexpected(AwsFailure{AwsErrorKind::other, to.error().text()});
    const auto deadline = Clock::now() + settings_.patience;
    Backoff backoff(first_pause, longest_pause);
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        call.timeout = std::clamp(left, milliseconds(1000), longest_attempt);
        auto reply = (*to)->call(call);
        if (reply.error == AwsErrorKind::none)
            return std::move(reply.body);
        const auto pause = backoff.failed(reply.retry_after);
        if (!passes(reply) || Clock::now() + pause >= deadline)
            return std::unexpected(AwsFailure{reply.error, operation + ": " + reply.message});
        std::this_thread::sleep_for(pause);
    }
}

AwsResult<std::string> AwsServices::logs(const std::string &operation, std::string body) {
    return call(logs_service, operation, logs_call(operation, std::move(body)));
}

AwsResult<std::string> AwsServices::metrics(const std::string &operation, std::string body) {
    return call(cloudwatch_service, operation, metrics_call(operation, std::move(body)));
}

AwsResult<std::string> AwsServices::sns(const std::string &operation,
                                        const FormParameters &parameters) {
    return call(sns_service, operation, sns_call(operation, parameters));
}

AwsResult<> read_pages(const std::string &operation,
                       const std::function<AwsResult<std::string>(const std::string &)> &page) {
    constexpr int most_pages = 10'000;
    std::string token;
    for (int i = 0; i < most_pages; ++i) {
        auto next = page(token);
        if (!next)
            return std::unexpected(next.error());
        if (next->empty())
            return {};
        if (*next == token)
            break;
        token = std::move(*next);
    }
    return std::unexpected(AwsFailure{AwsErrorKind::other, operation + ": the answer never ends"});
}

std::unexpected<AwsFailure> unexpected_answer(const std::string &operation) {
    return std::unexpected(
        AwsFailure{AwsErrorKind::other, operation + ": the answer is not what it should be"});
}

} // namespace hostav
