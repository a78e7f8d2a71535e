// SPDX-License-Identifier: GPL-2.0-only
#include "aws/service.h"

#include "base/text.h"

#include <ctime>
#include <utility>

namespace hostav {

struct AwsServiceClient::Attempt {
    AwsCall call;
    Done done;
    std::string source;             ///< of the credentials it was signed with
    std::chrono::seconds offset{0}; ///< of the clock it was signed by
    std::time_t signed_at = 0;      ///< by that clock
    bool credentials_renewed = false, clock_corrected = false;
};

namespace {

/// What stands between two marks of a message; empty where they are not.
std::string between(const std::string &text, const std::string &before, const std::string &after) {
    const auto begin = text.find(before);
    if (begin == std::string::npos)
        return {};
    const auto from = begin + before.size();
    return text.substr(from, text.find(after, from) - from);
}

/// `User: ARN is not authorized to perform: ACTION on resource: ARN because …`
std::string permission_advice(const std::string &message) {
    if (message.find("explicit deny") != std::string::npos)
        return " (a policy denies it explicitly)";
    const auto action = between(message, "not authorized to perform: ", " ");
    const auto resource = between(message, " on resource: ", " ");
    if (action.empty())
        return " (check the IAM policy of these credentials)";
    return " (allow " + action + (resource.empty() ? "" : " on " + resource) +
           " in an IAM policy of these credentials)";
}

} // namespace

AwsServiceClient::AwsServiceClient(const Parts &parts, const AwsService &service,
                                   std::string region, std::string endpoint)
    : parts_(parts), service_(service), region_(std::move(region)), endpoint_(std::move(endpoint)) {
}

AwsServiceClient::~AwsServiceClient() {
    for (const auto handle : running_)
        parts_.http.cancel(handle);
}

std::time_t AwsServiceClient::now() const {
    return std::time(nullptr) + offset_.count();
}

std::string AwsServiceClient::advice(const AwsReply &reply, const std::string &source) const {
    const auto says = [&reply](const char *text) {
        return reply.message.find(text) != std::string::npos;
    };
    if (reply.error == AwsErrorKind::denied)
        return permission_advice(reply.message);
    if (says("valid region"))
        return " (it was signed for region " + escape_path(region_) + ": give the right --region)";
    if (reply.error == AwsErrorKind::credentials)
        return " (credentials: " + source + "; region: " + escape_path(region_) + ")";
    if (says("resolve host"))
        return " (is the region " + escape_path(region_) + " right, and the network up?)";
    if (says("certificate"))
        return " (--ca-bundle names the certificates to trust)";
    return {};
}

std::expected<HttpRequest, AwsReply> AwsServiceClient::prepare(Attempt &attempt) {
    attempt.offset = offset_;
    attempt.signed_at = now();
    AwsReply reply;
    const auto credentials = parts_.credentials.get(attempt.signed_at);
    if (!credentials) {
        reply.error = AwsErrorKind::credentials;
        reply.message = credentials.error().text();
        reply.request_body = std::move(attempt.call.body);
        return std::unexpected(std::move(reply));
    }
    attempt.source = credentials->source;
    auto request =
        aws_request({service_, region_, endpoint_}, attempt.call, &*credentials, attempt.signed_at);
    if (!request) {
        reply.error = AwsErrorKind::other;
        reply.message = request.error().text();
        reply.request_body = std::move(attempt.call.body);
        return std::unexpected(std::move(reply));
    }
    return std::move(*request);
}

std::optional<AwsReply> AwsServiceClient::judge(Attempt &attempt, HttpResponse response) {
    const auto date = response.header("date");
    auto reply = read_aws_reply(std::move(response));
    if (reply.error == AwsErrorKind::credentials) {
        const auto error = clock_error(reply, date, attempt.signed_at);
        if (error && !attempt.clock_corrected) {
            // Not added to what is known now: another call may have learnt the same meanwhile.
            offset_ = attempt.offset + *error;
            attempt.clock_corrected = true;
            attempt.call.body = std::move(reply.request_body);
            return std::nullopt;
        }
        if (!error && !attempt.credentials_renewed) {
            parts_.credentials.refused();
            attempt.credentials_renewed = true;
            attempt.call.body = std::move(reply.request_body);
            return std::nullopt;
        }
    }
    if (reply.error != AwsErrorKind::none)
        reply.message += advice(reply, attempt.source);
    return reply;
}

void AwsServiceClient::send(const std::shared_ptr<Attempt> &attempt) {
    auto request = prepare(*attempt);
    if (!request)
        return attempt->done(std::move(request.error()));
    const auto handle = std::make_shared<std::uint64_t>(0);
    *handle =
        parts_.http.start(std::move(*request), [this, attempt, handle](HttpResponse response) {
            running_.erase(*handle);
            if (auto reply = judge(*attempt, std::move(response)))
                attempt->done(std::move(*reply));
            else
                send(attempt);
        });
    running_.insert(*handle);
}

void AwsServiceClient::call(AwsCall call, Done done) {
    auto attempt = std::make_shared<Attempt>();
    attempt->call = std::move(call);
    attempt->done = std::move(done);
    send(attempt);
}

AwsReply AwsServiceClient::call(AwsCall call) {
    Attempt attempt;
    attempt.call = std::move(call);
    while (true) {
        auto request = prepare(attempt);
        if (!request)
            return AwsReply(std::move(request.error()));
        if (auto reply = judge(attempt, parts_.http.perform(std::move(*request))))
            return std::move(*reply);
    }
}

} // namespace hostav
