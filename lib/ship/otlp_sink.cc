// SPDX-License-Identifier: GPL-2.0-only
#include "ship/otlp_sink.h"

#include "base/json_text.h"
#include "base/text.h"
#include "net/otlp.h"

namespace hostav {

namespace {

/// It does not say which records it means.
void reject_all(const OtlpAnswer &answer, std::size_t count, Delivery &delivery) {
    const auto why = "the collector rejected " + std::to_string(answer.rejected) + " of " +
                     std::to_string(count) + " records of this batch: " + answer.words;
    for (std::size_t i = 0; i < count; ++i)
        delivery.rejected.emplace_back(i, why);
}

} // namespace

Result<std::unique_ptr<OtlpSink>> OtlpSink::create(OtlpOptions options, HttpClient &http) {
    auto url = otlp_url(std::move(options.url), "v1/logs");
    if (!url)
        return std::unexpected(url.error());
    options.url = std::move(*url);
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
    append_otlp_attribute(body, "service.name", parcel.destination->group, first);
    append_otlp_attribute(body, "host.name", options.host_name, first);
    append_otlp_attribute(body, "aws.log.group.name", parcel.destination->group, first);
    append_otlp_attribute(body, "aws.log.stream.name", parcel.destination->stream, first);
    body += R"(]},"scopeLogs":[{"scope":{"name":"hostav.logship","version":)";
    append_json_text(body, options.version);
    body += R"(},"logRecords":[)";
    std::string tail = ",\"observedTimeUnixNano\":" + otlp_time(observed) + ",\"attributes\":[";
    first = true;
    append_otlp_attribute(tail, "log.file.path", to_utf8(*parcel.source), first);
    tail += "]}";
    for (std::size_t i = 0; i < parcel.count; ++i) {
        const auto &item = parcel.batch->items()[parcel.first + i];
        body += i == 0 ? "{\"timeUnixNano\":" : ",{\"timeUnixNano\":";
        body += otlp_time(item.time) + ",\"body\":{\"stringValue\":";
        append_json_text(body, parcel.batch->message(item));
        body += '}';
        body += tail;
    }
    body += "]}]}]}";
    return body;
}

Delivery read_otlp_reply(const HttpResponse &response, std::size_t count) {
    using Kind = OtlpAnswer::Kind;
    const auto answer = read_otlp_answer(response, "rejectedLogRecords");
    Delivery delivery;
    delivery.outcome = answer.kind == Kind::accepted  ? Outcome::accepted
                       : answer.kind == Kind::denied  ? Outcome::denied
                       : answer.kind == Kind::invalid ? Outcome::invalid
                                                      : Outcome::again;
    delivery.why = answer.why;
    delivery.retry_after = answer.retry_after;
    delivery.ambiguous = answer.ambiguous;
    if (answer.rejected > 0)
        reject_all(answer, count, delivery);
    else
        delivery.note = answer.words; // a warning
    return delivery;
}

void OtlpSink::deliver(const Parcel &parcel, Done done) {
    auto request = otlp_request(options_.url, options_.headers, otlp_body(parcel, options_, now()),
                                options_.gzip);
    http_.start(std::move(request),
                [count = parcel.count, done = std::move(done)](const HttpResponse &response) {
                    auto delivery = read_otlp_reply(response, count);
                    if (!delivery.why.empty())
                        delivery.why = "OTLP: " + delivery.why;
                    done(std::move(delivery));
                });
}

} // namespace hostav
