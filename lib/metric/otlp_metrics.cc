// SPDX-License-Identifier: GPL-2.0-only
#include "metric/otlp_metrics.h"

#include "base/json_text.h"
#include "base/text.h"
#include "net/otlp.h"

#include <array>
#include <span>
#include <utility>

namespace hostav {

namespace {

constexpr std::int64_t millisecond = 1000;

/// CloudWatch's unit as UCUM has it (https://ucum.org/ucum).
std::string ucum(std::string_view unit) {
    constexpr std::array<std::pair<std::string_view, const char *>, 15> units{{
        {"Percent", "%"},
        {"Seconds", "s"},
        {"Microseconds", "us"},
        {"Milliseconds", "ms"},
        {"Bytes", "By"},
        {"Kilobytes", "kBy"},
        {"Megabytes", "MBy"},
        {"Gigabytes", "GBy"},
        {"Terabytes", "TBy"},
        {"Bits", "bit"},
        {"Kilobits", "kbit"},
        {"Megabits", "Mbit"},
        {"Gigabits", "Gbit"},
        {"Terabits", "Tbit"},
        {"Count", "1"},
    }};
    constexpr std::string_view per_second = "/Second";
    const bool rate = unit.ends_with(per_second);
    if (rate)
        unit.remove_suffix(per_second.size());
    for (const auto &[name, symbol] : units)
        if (name == unit)
            return symbol + std::string(rate ? "/s" : "");
    return "1"; // None
}

std::string point_of(const Datum &datum, const OtlpMetricsOptions &options) {
    const bool gauge = datum.metric.gauge;
    std::string point = "{";
    if (!gauge)
        point += "\"startTimeUnixNano\":" + otlp_time(datum.time * millisecond) + ",";
    point +=
        "\"timeUnixNano\":" + otlp_time((datum.time + (gauge ? 0 : options.period)) * millisecond) +
        ",\"attributes\":[";
    bool first = true;
    for (const auto &[name, value] : datum.metric.dimensions)
        append_otlp_attribute(point, name, value, first);
    point += "],";
    if (gauge || !options.distribution)
        return point + "\"asDouble\":" + number_text(sum_of(datum)) + "}";
    const auto count = std::to_string(static_cast<std::uint64_t>(count_of(datum)));
    point += "\"count\":\"" + count + "\",\"sum\":" + number_text(sum_of(datum));
    point += ",\"min\":" + number_text(datum.values.begin()->first);
    point += ",\"max\":" + number_text(datum.values.rbegin()->first);
    return point + ",\"bucketCounts\":[\"" + count + "\"],\"explicitBounds\":[]}";
}

/// `data`: of one metric.
void append_metric(std::string &body, std::span<const Datum> data,
                   const OtlpMetricsOptions &options) {
    const auto &metric = data.front().metric;
    body += "{\"name\":";
    append_json_text(body, metric.name);
    body += ",\"unit\":";
    append_json_text(body, ucum(metric.unit));
    const bool histogram = options.distribution && !metric.gauge;
    body += metric.gauge ? ",\"gauge\":{" : histogram ? ",\"histogram\":{" : ",\"sum\":{";
    if (!metric.gauge)
        body += "\"aggregationTemporality\":1,"; // AGGREGATION_TEMPORALITY_DELTA
    if (!metric.gauge && !histogram)
        body += "\"isMonotonic\":false,"; // a value may be negative
    body += "\"dataPoints\":[";
    for (std::size_t i = 0; i < data.size(); ++i)
        body += (i == 0 ? "" : ",") + point_of(data[i], options);
    body += "]}}";
}

} // namespace

std::string otlp_metrics_body(const std::vector<Datum> &data, const OtlpMetricsOptions &options) {
    std::string body = R"({"resourceMetrics":[{"resource":{"attributes":[)";
    bool first = true;
    append_otlp_attribute(body, "service.name", options.name_space, first);
    append_otlp_attribute(body, "host.name", to_utf8(options.host_name), first);
    body += R"(]},"scopeMetrics":[{"scope":{"name":"hostav.metric-push","version":)";
    append_json_text(body, options.version);
    body += R"(},"metrics":[)";
    for (std::size_t begin = 0, end = 0; begin < data.size(); begin = end) {
        const auto &metric = data[begin].metric;
        while (end < data.size() && data[end].metric.name == metric.name)
            ++end;
        body += begin == 0 ? "" : ",";
        append_metric(body, std::span(data).subspan(begin, end - begin), options);
    }
    return body + "]}]}]}";
}

Pushed read_otlp_metrics(const HttpResponse &response, std::size_t data) {
    using Kind = OtlpAnswer::Kind;
    using Outcome = Pushed::Outcome;
    const auto answer = read_otlp_answer(response, "rejectedDataPoints");
    Pushed pushed;
    pushed.retry_after = answer.retry_after;
    if (answer.kind == Kind::accepted) {
        pushed.outcome = Outcome::accepted;
        pushed.data = data;
        if (answer.rejected > 0)
            pushed.why = "OTLP: the collector rejected " + std::to_string(answer.rejected) +
                         " of " + std::to_string(data) + " data points: " + answer.words;
        else if (!answer.words.empty())
            pushed.why = "OTLP: " + answer.words;
        return pushed;
    }
    pushed.outcome = answer.kind == Kind::denied    ? Outcome::denied
                     : answer.kind == Kind::invalid ? Outcome::invalid
                                                    : Outcome::again;
    pushed.why = "OTLP: " + answer.why;
    return pushed;
}

OtlpMetrics::OtlpMetrics(OtlpMetricsOptions options, HttpClient &http)
    : options_(std::move(options)), http_(http) {}

Result<std::unique_ptr<OtlpMetrics>> OtlpMetrics::create(OtlpMetricsOptions options,
                                                         HttpClient &http) {
    auto url = otlp_url(std::move(options.url), "v1/metrics");
    if (!url)
        return std::unexpected(url.error());
    options.url = std::move(*url);
    return std::unique_ptr<OtlpMetrics>(new OtlpMetrics(std::move(options), http));
}

void OtlpMetrics::push(const std::vector<Datum> &data, Done done) {
    if (data.empty())
        return done({Pushed::Outcome::accepted, 0, "", {}});
    http_.start(
        otlp_request(options_.url, options_.headers, otlp_metrics_body(data, options_), true),
        [count = data.size(), done = std::move(done)](const HttpResponse &response) {
            done(read_otlp_metrics(response, count));
        });
}

} // namespace hostav
