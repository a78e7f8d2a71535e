// SPDX-License-Identifier: GPL-2.0-only
#include "aws/reply.h"

#include "aws/xml.h"
#include "base/ascii.h"
#include "base/excerpt.h"
#include "base/json.h"
#include "base/text.h"
#include "net/http_date.h"

#include <array>
#include <string_view>
#include <utility>

namespace hostav {

namespace {

using Kind = AwsErrorKind;

/// Codes without `Exception` at their end, in which the protocols differ.
constexpr std::array kinds = std::to_array<std::pair<std::string_view, Kind>>({
    {"Throttling", Kind::throttled},
    {"Throttled", Kind::throttled},
    {"ThrottledRequest", Kind::throttled},
    {"TooManyRequests", Kind::throttled},
    {"RequestLimitExceeded", Kind::throttled},
    {"RequestThrottled", Kind::throttled},
    {"LimitExceeded", Kind::throttled},
    {"SlowDown", Kind::throttled},
    {"ServiceUnavailable", Kind::unavailable},
    {"InternalFailure", Kind::unavailable},
    {"InternalError", Kind::unavailable},
    {"InternalServerError", Kind::unavailable},
    {"InternalServiceError", Kind::unavailable},
    {"InternalServiceFault", Kind::unavailable},
    {"RequestTimeout", Kind::unavailable},
    {"IDPCommunicationError", Kind::unavailable},
    {"AccessDenied", Kind::denied},
    {"AuthorizationError", Kind::denied},
    {"NotAuthorized", Kind::denied},
    {"UnauthorizedOperation", Kind::denied},
    {"OptInRequired", Kind::denied},
    {"UnrecognizedClient", Kind::credentials},
    {"InvalidClientTokenId", Kind::credentials},
    {"InvalidAccessKeyId", Kind::credentials},
    {"ExpiredToken", Kind::credentials},
    {"InvalidToken", Kind::credentials},
    {"InvalidIdentityToken", Kind::credentials},
    {"InvalidSignature", Kind::credentials},
    {"SignatureDoesNotMatch", Kind::credentials},
    {"IncompleteSignature", Kind::credentials},
    {"MissingAuthenticationToken", Kind::credentials},
    {"RequestExpired", Kind::credentials},
    {"RequestTimeTooSkewed", Kind::credentials},
    {"ResourceNotFound", Kind::not_found},
    {"NotFound", Kind::not_found},
    {"ResourceAlreadyExists", Kind::already_exists},
    {"OperationAborted", Kind::conflict},
    {"ConcurrentModification", Kind::conflict},
    {"Serialization", Kind::invalid},
    {"InvalidInput", Kind::invalid},
    {"InvalidFormat", Kind::invalid},
    {"MissingParameter", Kind::invalid},
    {"MissingRequiredParameter", Kind::invalid},
    {"MalformedQueryString", Kind::invalid},
    {"RequestEntityTooLarge", Kind::invalid},
    {"Validation", Kind::invalid},
    {"ValidationError", Kind::invalid},
});

Kind kind_of(std::string_view code, const std::string &message, long status) {
    constexpr std::string_view exception = "Exception";
    constexpr long too_many = 429, too_large = 413, forbidden = 403, timed_out = 408, broken = 500;
    if (code.ends_with(exception))
        code.remove_suffix(exception.size());
    for (const auto &[name, kind] : kinds)
        if (code == name)
            return kind;
    if (code.starts_with("InvalidParameter")) // …Value, …Combination
        return Kind::invalid;
    if (status == too_many || message.starts_with("Rate exceeded"))
        return Kind::throttled;
    if (status >= broken || status == timed_out)
        return Kind::unavailable;
    if (status == too_large)
        return Kind::invalid;
    return code.empty() && status == forbidden ? Kind::denied : Kind::other;
}

/// `aws.protocoltests#Code:http://…` is how some protocols write `Code`.
std::string bare_code(const std::string &text) {
    const auto begin = text.find('#');
    const auto code = begin == std::string::npos ? text : text.substr(begin + 1);
    constexpr std::size_t longest = 100;
    return excerpt(code.substr(0, code.find_first_of(":;")), longest);
}

std::string first_field(const std::map<std::string, std::string> &fields,
                        std::initializer_list<const char *> names) {
    for (const auto *name : names)
        if (auto value = text_field(fields, name); !value.empty())
            return value;
    return {};
}

/// Code and message of an answer that is an error.
std::pair<std::string, std::string> error_of(const HttpResponse &response) {
    std::string code = response.header("x-amzn-errortype");
    std::string message;
    const auto body = trimmed(response.body);
    if (body.starts_with('<')) {
        if (code.empty())
            code = xml_text(response.body, "Code");
        message = xml_text(response.body, "Message");
    } else if (const auto fields = parse_json_fields(body, "")) {
        if (code.empty())
            code = first_field(*fields, {"__type", "code", "Code"});
        message = first_field(*fields, {"message", "Message"});
    }
    if (code.empty())
        code = response.header("x-amzn-query-error");
    return {bare_code(code), excerpt(message)};
}

bool is_a_page(const HttpResponse &response) {
    return response.header("x-amzn-requestid").empty() &&
           response.header("content-type").starts_with("text/html");
}

} // namespace

AwsReply read_aws_reply(HttpResponse response) {
    constexpr long bad_gateway = 502, gateway_timeout = 504;
    AwsReply reply;
    reply.request_body = std::move(response.request_body);
    if (const auto seconds = parse_retry_after(response.header("retry-after")))
        reply.retry_after = std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86400));
    if (response.status / 100 == 2 && is_a_page(response)) {
        // What a network that wants a login answers to everything: nothing was accepted.
        reply.error = Kind::unavailable;
        reply.message = "the answer is a web page, not the service's: is there a proxy in between?";
        return reply;
    }
    if (response.status / 100 == 2) {
        reply.body = std::move(response.body);
        return reply;
    }
    if (response.status == 0) {
        reply.error = Kind::unavailable;
        reply.message = response.why;
        reply.ambiguous = response.sent;
        return reply;
    }
    auto [code, message] = error_of(response);
    reply.error = kind_of(code, message, response.status);
    // What stands before the service may not know whether the request came through.
    reply.ambiguous = response.status == bad_gateway || response.status == gateway_timeout;
    reply.message = code.empty() ? "HTTP status " + std::to_string(response.status) : code;
    if (!message.empty())
        reply.message += ": " + message;
    reply.code = std::move(code);
    reply.body = std::move(response.body);
    return reply;
}

std::optional<std::chrono::seconds> clock_error(const AwsReply &reply,
                                                const std::string &date_header, std::time_t now) {
    // What is refused for its time is minutes off; less is another reason.
    constexpr std::chrono::seconds least{60};
    const auto says = [&reply](std::string_view text) {
        return reply.message.find(text) != std::string::npos;
    };
    const bool for_time = reply.code.starts_with("RequestExpired") ||
                          reply.code.starts_with("RequestTimeTooSkewed") ||
                          says("Signature expired") || says("Signature not yet current");
    const auto date = parse_http_date(date_header);
    if (reply.error != Kind::credentials || !for_time || !date)
        return std::nullopt;
    const std::chrono::seconds error(*date - now);
    return std::chrono::abs(error) < least ? std::nullopt : std::optional(error);
}

} // namespace hostav
