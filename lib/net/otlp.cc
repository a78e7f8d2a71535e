// SPDX-License-Identifier: GPL-2.0-only
#include "net/otlp.h"

#include "base/ascii.h"
#include "base/excerpt.h"
#include "base/gzip.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"
#include "net/http_date.h"

#include <algorithm>
#include <array>

namespace hostav {

namespace {

constexpr std::size_t worth_compressing = 1024;
constexpr std::size_t longest_words = 300; ///< of a collector

std::string words_of(const HttpResponse &response) {
    const auto fields = parse_json_fields(response.body, "");
    const auto message = fields ? text_field(*fields, "message") : "";
    return message.empty() ? "" : ": " + excerpt(message, longest_words);
}

std::chrono::milliseconds retry_after(const HttpResponse &response) {
    constexpr std::uint64_t longest = 600;
    const auto seconds = parse_retry_after(response.header("retry-after"));
    return std::chrono::seconds(std::min(seconds.value_or(0), longest));
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7F';
}

/// `partialSuccess` of an accepted request, which must not be sent again.
void read_partial_success(const HttpResponse &response, const std::string &rejected,
                          OtlpAnswer &answer) {
    const auto fields = parse_json_fields(response.body, "");
    if (!fields)
        return;
    answer.rejected = parse_number(text_field(*fields, "partialSuccess." + rejected)).value_or(0);
    answer.words = excerpt(text_field(*fields, "partialSuccess.errorMessage"), longest_words);
}

} // namespace

Result<std::string> otlp_url(std::string url, const std::string &path) {
    const auto parts = split_url(url);
    if (!parts)
        return std::unexpected(parts.error());
    if (parts->path == "/" && parts->query.empty())
        url += (url.ends_with('/') ? "" : "/") + path;
    return url;
}

void append_otlp_attribute(std::string &to, std::string_view name, std::string_view value,
                           bool &first) {
    if (value.empty())
        return;
    to += first ? "{\"key\":" : ",{\"key\":";
    first = false;
    append_json_text(to, name);
    to += ",\"value\":{\"stringValue\":";
    append_json_text(to, value);
    to += "}}";
}

std::string otlp_time(std::int64_t milliseconds) {
    return "\"" + std::to_string(std::max<std::int64_t>(milliseconds, 0)) +
           (milliseconds > 0 ? "000000\"" : "\"");
}

HttpRequest otlp_request(const std::string &url, const std::vector<std::string> &headers,
                         std::string body, bool gzip) {
    HttpRequest request;
    request.url = url;
    request.headers = headers;
    request.headers.emplace_back("Content-Type: application/json");
    request.body = std::move(body);
    if (gzip && request.body.size() > worth_compressing) {
        if (auto compressed = hostav::gzip(request.body)) {
            request.body = std::move(*compressed);
            request.headers.emplace_back("Content-Encoding: gzip");
        }
    }
    return request;
}

OtlpAnswer read_otlp_answer(const HttpResponse &response, const std::string &rejected) {
    constexpr std::array<long, 2> retryable{408, 429};
    constexpr std::array<long, 8> address_or_permission{401, 403, 404, 405, 407, 415, 501, 505};
    constexpr long ok = 200;
    constexpr long redirect = 300;
    constexpr long servers = 500;
    OtlpAnswer answer;
    if (response.status == 0) {
        answer.why = response.why;
        answer.ambiguous = response.sent;
        return answer;
    }
    if (response.status >= ok && response.status < redirect) {
        answer.kind = OtlpAnswer::Kind::accepted;
        read_partial_success(response, rejected, answer);
        return answer;
    }
    answer.why = "HTTP status " + std::to_string(response.status) + words_of(response);
    answer.retry_after = retry_after(response);
    // A collector that is not one, or does not let us, will not like parts of it better.
    const bool denied =
        response.status / 100 == 3 || // redirects are not followed
        std::ranges::find(address_or_permission, response.status) != address_or_permission.end();
    if (denied)
        answer.kind = OtlpAnswer::Kind::denied;
    else if (response.status < servers &&
             std::ranges::find(retryable, response.status) == retryable.end())
        answer.kind = OtlpAnswer::Kind::invalid;
    return answer;
}

std::vector<std::string> otlp_headers(const std::string &variable) {
    std::vector<std::string> headers;
    std::string_view rest = variable;
    while (!rest.empty()) {
        const auto end = rest.find(',');
        const auto pair = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const auto equals = pair.find('=');
        const auto name = trimmed(pair.substr(0, equals));
        if (equals == std::string_view::npos || name.empty() ||
            std::ranges::any_of(name, is_control))
            continue;
        const auto encoded = trimmed(pair.substr(equals + 1));
        std::string value;
        for (std::size_t i = 0; i < encoded.size(); ++i) {
            const auto byte =
                encoded[i] == '%' ? from_hex(lower_ascii(encoded.substr(i + 1, 2))) : std::nullopt;
            value += byte && byte->size() == 1 ? byte->front() : encoded[i];
            i += byte && byte->size() == 1 ? 2 : 0;
        }
        // A line end would begin a header of somebody else's.
        std::erase_if(value, is_control);
        headers.push_back(std::string(name) + ": " + value);
    }
    return headers;
}

} // namespace hostav
