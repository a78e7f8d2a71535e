// SPDX-License-Identifier: GPL-2.0-only
#include "aws/metadata.h"

#include "base/ascii.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <utility>

namespace hostav {

namespace {

using namespace std::chrono_literals;

constexpr int tries = 3;
constexpr auto patience = 1000ms;
constexpr auto silence = 60s;               ///< after a failure, nobody asks for so long
constexpr std::uint64_t token_life = 21600; // seconds, the most that can be asked for
constexpr long ok = 200, unauthorized = 401, forbidden = 403, not_found = 404, broken = 500;
constexpr const char *name = "instance metadata";

std::string status_text(long status) {
    return "HTTP status " + std::to_string(status);
}

} // namespace

Metadata::Metadata(const AwsEnvironment &environment, HttpClient &http)
    : environment_(environment), http_(http) {}

std::string Metadata::base_url() const {
    if (auto named = environment_.variables("AWS_EC2_METADATA_SERVICE_ENDPOINT"); !named.empty()) {
        while (named.ends_with('/'))
            named.pop_back();
        return named;
    }
    const auto mode = environment_.variables("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    return lower_ascii(mode) == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

HttpResponse Metadata::ask(const std::string &method, const std::string &path,
                           const std::string &header) {
    HttpResponse response;
    for (int i = 0; i < tries; ++i) {
        HttpRequest request;
        request.method = method;
        request.url = base_url() + path;
        if (!header.empty())
            request.headers.push_back(header);
        request.direct = true;
        request.connect_timeout = request.timeout = patience;
        response = http_.perform(std::move(request));
        if (response.status != 0 && response.status < broken)
            break;
    }
    return response;
}

Error Metadata::failed(const HttpResponse &response) {
    auto why = escape_path(base_url()) + ": ";
    if (response.status == forbidden)
        why += "is turned off for this instance, or the request came through a proxy";
    else if (response.status != 0)
        why += status_text(response.status);
    else
        why += response.why + " (no EC2 instance?)";
    not_before_ = Clock::now() + silence;
    last_failure_ = why;
    return {name, std::move(why)};
}

Result<void> Metadata::refresh_token() {
    if (Clock::now() < token_until_)
        return {};
    auto response = ask("PUT", "/latest/api/token",
                        "X-aws-ec2-metadata-token-ttl-seconds: " + std::to_string(token_life));
    if (response.status == ok) {
        const auto life = parse_number(response.header("x-aws-ec2-metadata-token-ttl-seconds"));
        constexpr std::uint64_t early = 60; // seconds
        token_ = std::string(trimmed(response.body));
        token_until_ =
            Clock::now() +
            std::chrono::seconds(
                std::max(std::min(life.value_or(token_life), token_life), 2 * early) - early);
        return {};
    }
    token_.clear();
    if (environment_.options.imds_v1) {
        // Without a token: that is version 1. Version 2 is tried again later.
        token_until_ = Clock::now() + silence;
        return {};
    }
    auto error = failed(response);
    if (response.status == 0 && response.sent)
        error.why += "; in a container, the instance's metadata hop limit must be 2";
    else if (response.status == not_found)
        error.why += ": it speaks no version 2 (--imds-v1 uses version 1)";
    last_failure_ = error.why;
    return std::unexpected(std::move(error));
}

Result<std::string> Metadata::get(const std::string &path) {
    if (lower_ascii(environment_.variables("AWS_EC2_METADATA_DISABLED")) == "true")
        return fail(name, "disabled by AWS_EC2_METADATA_DISABLED");
    if (Clock::now() < not_before_)
        return fail(name, last_failure_);
    constexpr int tokens = 2; // one that it does not know any more, and a new one
    HttpResponse response;
    for (int i = 0; i < tokens; ++i) {
        if (auto fresh = refresh_token(); !fresh)
            return std::unexpected(fresh.error());
        response = ask("GET", path, token_.empty() ? "" : "X-aws-ec2-metadata-token: " + token_);
        if (response.status == ok)
            return std::move(response.body);
        if (response.status == not_found)
            return fail(name, "has no " + escape_path(path));
        if (response.status != unauthorized)
            break;
        token_until_ = {};
    }
    return std::unexpected(failed(response));
}

Result<std::map<std::string, std::string>> Metadata::identity_document() {
    if (!document_.empty())
        return document_;
    const auto text = get("/latest/dynamic/instance-identity/document");
    if (!text)
        return std::unexpected(text.error());
    auto document = parse_json_fields(*text, "instance identity document");
    if (document)
        document_ = *document;
    return document;
}

} // namespace hostav
