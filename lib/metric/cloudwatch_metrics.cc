// SPDX-License-Identifier: GPL-2.0-only
#include "metric/cloudwatch_metrics.h"

#include "aws/endpoint.h"
#include "aws/profile.h"
#include "base/gzip.h"

namespace hostav {

namespace {

constexpr std::size_t worth_compressing = 1024;

Pushed::Outcome outcome_of(AwsErrorKind error) {
    switch (error) {
    case AwsErrorKind::none:
        return Pushed::Outcome::accepted;
    case AwsErrorKind::invalid:
        return Pushed::Outcome::invalid;
    case AwsErrorKind::denied:
    case AwsErrorKind::credentials:
    case AwsErrorKind::other:
        return Pushed::Outcome::denied;
    default:
        return Pushed::Outcome::again;
    }
}

} // namespace

Pushed read_put_metric_data(const AwsReply &reply, std::size_t data) {
    Pushed pushed;
    pushed.outcome = outcome_of(reply.error);
    pushed.retry_after = reply.retry_after;
    if (pushed.outcome == Pushed::Outcome::accepted)
        pushed.data = data;
    else
        pushed.why = "PutMetricData: " + reply.message;
    return pushed;
}

CloudwatchMetrics::CloudwatchMetrics(const Parts &parts, std::string name_space)
    : parts_(parts), name_space_(std::move(name_space)) {}

Result<void> CloudwatchMetrics::connect() {
    const auto &environment = parts_.environment;
    const auto profiles = read_aws_profiles(environment);
    if (!profiles)
        return std::unexpected(profiles.error());
    if (auto sound = check_variable_profile(environment, *profiles); !sound)
        return sound;
    const auto region =
        find_signing_region(environment, *profiles, parts_.metadata, cloudwatch_service);
    if (!region)
        return std::unexpected(region.error());
    const auto endpoint = find_endpoint(environment, *profiles, cloudwatch_service, *region);
    if (!endpoint)
        return std::unexpected(endpoint.error());
    credentials_.emplace(environment, parts_.http, parts_.metadata, *region);
    service_.emplace(AwsServiceClient::Parts{environment, parts_.http, *credentials_},
                     cloudwatch_service, *region, *endpoint);
    return {};
}

void CloudwatchMetrics::push(const std::vector<Datum> &data, Done done) {
    if (!service_)
        if (const auto connected = connect(); !connected)
            return done({Pushed::Outcome::denied, 0, connected.error().text(), {}});
    auto requests = metric_requests(name_space_, data);
    if (requests.empty())
        return done({Pushed::Outcome::accepted, data.size(), "", {}});
    auto &first = requests.front(); // the rest is for the next push
    auto call = metrics_call("PutMetricData", std::move(first.body));
    if (call.body.size() > worth_compressing) {
        if (auto compressed = gzip(call.body)) {
            call.body = std::move(*compressed);
            call.gzipped = true;
        }
    }
    service_->call(std::move(call),
                   [count = first.data, done = std::move(done)](const AwsReply &reply) {
                       done(read_put_metric_data(reply, count));
                   });
}

} // namespace hostav
