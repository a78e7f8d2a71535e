// SPDX-License-Identifier: GPL-2.0-only
#include "ship/otlp_sink.h"

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

void append_attribute(std::string &to, const char *name, std::string_view value, bool &first) {
    if (value.empty())
        return;
    to += first ? "{\"key\":" : ",{\"key\":";
    first = false;
    append_json_text(to, name);
    to += ",\"value\":{\"stringValue\":";
    append_json_text(to, value);
    to += "}}";
}

std::string nanoseconds(EventTime milliseconds) {
    return "\"" + std::to_string(std::max<EventTime>(milliseconds, 0)) +
           (milliseconds > 0 ? "000000\"" : "\"");
}

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

/// `partialSuccess` of an accepted request: it must not be sent again, and does not say which
/// records it means.
void read_partial_success(const HttpResponse &response, std::size_t count, Delivery &delivery) {
    const auto fields = parse_json_fields(response.body, "");
    if (!fields)
        return;
    const auto rejected = parse_number(text_field(*fields, "partialSuccess.rejectedLogRecords"));
    const auto words = excerpt(text_field(*fields, "partialSuccess.errorMessage"), longest_words);
    if (rejected.value_or(0) == 0) {
        delivery.note = words; // a warning
        return;
    }
    const auto why = "the collector rejected " + std::to_string(*rejected) + " of " +
                     std::to_string(count) + " records of this batch: " + words;
    for (std::size_t i = 0; i < count; ++i)
        delivery.rejected.emplace_back(i, why);
}

} // namespace

Result<std::unique_ptr<OtlpSink>> OtlpSink::create(OtlpOptions options, HttpClient &http) {
    const auto parts = split_url(options.url);
    if (!parts)
        return std::unexpected(parts.error());
    if (parts->path == "/" && parts->query.empty())
        options.url += options.url.ends_with('/') ? "v1/logs" : "/v1/logs";
    return std::unique_ptr<OtlpSink>(new OtlpSink(std::move(options), http));
}

OtlpSink::OtlpSink(OtlpOptions options, HttpClient &http)
    : options_(std::move(options)), http_(http) {}

BatchLimits OtlpSink::limits() const {
    BatchLimits limits;
    limits.span = std::numeric_limits<EventTime>::max(); // none of these is OTLP's
    limits.oldest = limits.newest = 0;
    return limits;
}

std::string otlp_body(const Parcel &parcel, const OtlpOptions &options, EventTime observed) {
    std::string body = R"({"resourceLogs":[{"resource":{"attributes":[)";
    bool first = true;
    append_attribute(body, "service.name", parcel.destination->group, first);
    append_attribute(body, "host.name", options.host_name, first);
    append_attribute(body, "aws.log.group.name", parcel.destination->group, first);
    append_attribute(body, "aws.log.stream.name", parcel.destination->stream, first);
    body += R"(]},"scopeLogs":[{"scope":{"name":"hostav.logship","version":)";
    append_json_text(body, options.version);
    body += R"(},"logRecords":[)";
    std::string tail = ",\"observedTimeUnixNano\":" + nanoseconds(observed) + ",\"attributes\":[";
    first = true;
    append_attribute(tail, "log.file.path", to_utf8(*parcel.source), first);
    tail += "]}";
    for (std::size_t i = 0; i < parcel.count; ++i) {
        const auto &item = parcel.batch->items()[parcel.first + i];
        body += i == 0 ? "{\"timeUnixNano\":" : ",{\"timeUnixNano\":";
        body += nanoseconds(item.time) + ",\"body\":{\"stringValue\":";
        append_json_text(body, parcel.batch->message(item));
        body += '}';
        body += tail;
    }
    body += "]}]}]}";
    return body;
}

Delivery read_otlp_reply(const HttpResponse &response, std::size_t count) {
    constexpr std::array<long, 2> retryable{408, 429};
    constexpr std::array<long, 8> address_or_permission{401, 403, 404, 405, 407, 415, 501, 505};
    constexpr long ok = 200;
    constexpr long redirect = 300;
    constexpr long servers = 500;
    Delivery delivery;
    if (response.status == 0) {
        delivery.why = response.why;
        delivery.ambiguous = response.sent;
        return delivery;
    }
    if (response.status >= ok && response.status < redirect) {
        delivery.outcome = Outcome::accepted;
        read_partial_success(response, count, delivery);
        return delivery;
    }
    delivery.why = "HTTP status " + std::to_string(response.status) + words_of(response);
    delivery.retry_after = retry_after(response);
    // A collector that is not one, or does not let us, will not like halves of it better.
    const bool denied =
        response.status / 100 == 3 || // redirects are not followed
        std::ranges::find(address_or_permission, response.status) != address_or_permission.end();
    if (denied)
        delivery.outcome = Outcome::denied;
    else if (response.status < servers &&
             std::ranges::find(retryable, response.status) == retryable.end())
        delivery.outcome = Outcome::invalid;
    return delivery;
}

void OtlpSink::deliver(const Parcel &parcel, Done done) {
    HttpRequest request;
    request.url = options_.url;
    request.headers = options_.headers;
    request.headers.emplace_back("Content-Type: application/json");
    request.body = otlp_body(parcel, options_, now());
    if (options_.gzip && request.body.size() > worth_compressing) {
        if (auto compressed = gzip(request.body)) {
            request.body = std::move(*compressed);
            request.headers.emplace_back("Content-Encoding: gzip");
        }
    }
    http_.start(std::move(request), [count = parcel.count, url = options_.url,
                                     done = std::move(done)](const HttpResponse &response) {
        auto delivery = read_otlp_reply(response, count);
        if (!delivery.why.empty())
            delivery.why = "OTLP: " + delivery.why;
        done(std::move(delivery));
    });
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
