// SPDX-License-Identifier: GPL-2.0-only
#include "aws/container_credentials.h"

#include "aws/credential_reply.h"
#include "aws/reply.h"
#include "aws/small_file.h"
#include "base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <utility>

namespace hostav {

namespace {

constexpr const char *source = "container credentials";
constexpr const char *relative_variable = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char *full_variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char *token_file_variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr const char *token_variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
constexpr std::chrono::milliseconds patience{2000};
constexpr int tries = 3;

/// This machine, or the addresses at which ECS and EKS answer. `host` as in a URL.
bool may_be_asked_in_clear(std::string host) {
    if (const auto colon = host.rfind(':');
        colon != std::string::npos && host.find(']', colon) == std::string::npos)
        host.resize(colon);
    constexpr std::array<std::string_view, 5> names = {"localhost", "169.254.170.2",
                                                       "169.254.170.23", "[fd00:ec2::23]", "[::1]"};
    if (std::ranges::find(names, host) != names.end())
        return true;
    constexpr std::uint32_t loopback_network = 127;
    in_addr address = {};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1 &&
           ntohl(address.s_addr) >> 24 == loopback_network;
}

/// Empty when the environment names none.
Result<std::string> find_url(const Variables &variables) {
    if (const auto relative = variables(relative_variable); !relative.empty()) {
        if (!relative.starts_with('/'))
            return fail(relative_variable, "does not begin with a slash");
        return "http://169.254.170.2" + relative;
    }
    auto full = variables(full_variable);
    if (full.empty())
        return full;
    const auto parts = split_url(full);
    if (!parts)
        return fail(full_variable, parts.error().why);
    if (parts->scheme != "https" && !may_be_asked_in_clear(parts->host))
        return fail(full_variable, "over http only to this machine, 169.254.170.2, 169.254.170.23 "
                                   "and [fd00:ec2::23], not to " +
                                       escape_path(parts->host));
    return full;
}

/// The value of the Authorization header; empty: none.
Result<std::string> find_token(const Variables &variables) {
    auto token = variables(token_variable);
    const auto file = variables(token_file_variable);
    if (!file.empty()) {
        auto text = read_small_file(file, true);
        if (!text)
            return std::unexpected(text.error());
        if (!*text)
            return fail(escape_path(file),
                        "no such file, but " + std::string(token_file_variable) + " names it");
        token = std::move(**text);
    }
    if (token.find_first_of("\r\n") != std::string::npos)
        return fail(file.empty() ? token_variable : token_file_variable, "has a line end in it");
    return token;
}

} // namespace

Result<std::optional<AwsCredentials>> container_credentials(const AwsEnvironment &environment,
                                                            HttpClient &http) {
    const auto url = find_url(environment.variables);
    if (!url)
        return std::unexpected(url.error());
    if (url->empty())
        return std::nullopt;
    const auto token = find_token(environment.variables);
    if (!token)
        return std::unexpected(token.error());
    HttpResponse response;
    for (int i = 0; i < tries; ++i) {
        HttpRequest request;
        request.method = "GET";
        request.url = *url;
        if (!token->empty())
            request.headers.push_back("Authorization: " + *token);
        request.direct = true;
        request.connect_timeout = request.timeout = patience;
        response = http.perform(std::move(request));
        constexpr long broken = 500;
        if (response.status != 0 && response.status < broken)
            break;
    }
    auto reply = read_aws_reply(std::move(response));
    if (reply.error != AwsErrorKind::none)
        return fail(source, reply.message);
    auto credentials = credentials_from_json(reply.body, "Token", source);
    if (!credentials)
        return std::unexpected(credentials.error());
    return std::optional(std::move(*credentials));
}

} // namespace hostav
