// SPDX-License-Identifier: GPL-2.0-only
#include "aws/sts.h"

#include "aws/credential_reply.h"
#include "aws/endpoint.h"
#include "aws/form.h"
#include "aws/reply.h"
#include "aws/request.h"
#include "aws/secret.h"

#include <utility>

namespace hostav {

namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

Parameters parameters(const char *action, const StsRole &role, std::time_t now) {
    Parameters all = {{"Action", action},
                      {"Version", "2011-06-15"},
                      {"RoleArn", role.arn},
                      {"RoleSessionName", role.session_name.empty()
                                              ? "hostav-" + std::to_string(now)
                                              : role.session_name}};
    if (!role.duration.empty())
        all.emplace_back("DurationSeconds", role.duration);
    return all;
}

/// `own` null: not signed.
Result<AwsCredentials> ask(const StsAccess &access, std::string body, const AwsCredentials *own,
                           const std::string &source) {
    constexpr std::chrono::milliseconds patience{5000};
    constexpr int tries = 2; // once more after a failure that passes, or with the clock corrected
    const Overwriter gone(body);
    const auto endpoint =
        find_endpoint(access.environment, access.profiles, sts_service, access.region);
    if (!endpoint)
        return std::unexpected(endpoint.error());
    auto now = access.now;
    AwsReply reply;
    for (int i = 0; i < tries; ++i) {
        AwsCall call;
        call.content_type = form_content_type;
        call.body = body;
        auto request = aws_request({sts_service, access.region, *endpoint}, call, own, now);
        if (!request)
            return std::unexpected(request.error());
        request->timeout = patience;
        auto response = access.http.perform(std::move(*request));
        overwrite(response.request_body);
        const auto date = response.header("date");
        reply = read_aws_reply(std::move(response));
        if (reply.error == AwsErrorKind::none)
            return credentials_from_xml(reply.body, source);
        const auto error = clock_error(reply, date, now);
        if (error)
            now += error->count();
        else if (reply.error != AwsErrorKind::unavailable && reply.error != AwsErrorKind::throttled)
            break;
    }
    return fail(source, "STS at " + *endpoint + ": " + reply.message);
}

} // namespace

Result<AwsCredentials> assume_role(const StsAccess &access, const StsRole &role,
                                   const AwsCredentials &own, const std::string &source) {
    auto all = parameters("AssumeRole", role, access.now);
    if (!role.external_id.empty())
        all.emplace_back("ExternalId", role.external_id);
    return ask(access, form_body(all), &own, source);
}

Result<AwsCredentials> assume_role_with_web_identity(const StsAccess &access, const StsRole &role,
                                                     const std::string &token,
                                                     const std::string &source) {
    auto all = parameters("AssumeRoleWithWebIdentity", role, access.now);
    all.emplace_back("WebIdentityToken", token);
    const Overwriter gone(all.back().second);
    return ask(access, form_body(all), nullptr, source);
}

} // namespace hostav
