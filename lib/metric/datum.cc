// SPDX-License-Identifier: GPL-2.0-only
#include "metric/datum.h"

#include "base/json.h"

#include <algorithm>
#include <cmath>

namespace hostav {

namespace {

constexpr std::size_t max_body = std::size_t{1} << 20;
constexpr std::size_t max_data = 1000;
constexpr std::size_t max_values = 150;
constexpr std::size_t max_dimensions = 30;
constexpr std::size_t max_name = 255;
constexpr std::size_t max_dimension_value = 1024;
const double max_magnitude = std::ldexp(1.0, 360);

bool is_printable(const std::string &text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }) &&
           text.find_first_not_of(' ') != std::string::npos;
}

Result<void> check_text(const std::string &what, const std::string &text, std::size_t longest) {
    if (text.empty() || text.size() > longest)
        return fail(what, "must have 1 to " + std::to_string(longest) + " characters");
    if (!is_printable(text))
        return fail(what, "must be printable ASCII, and not blank");
    return {};
}

JsonObject numbers_of(const Datum &datum, std::map<double, double>::const_iterator &from) {
    JsonObject object;
    object.add("MetricName", datum.metric.name);
    std::vector<JsonObject> dimensions;
    for (const auto &[name, value] : datum.metric.dimensions)
        dimensions.push_back(std::move(JsonObject().add("Name", name).add("Value", value)));
    if (!dimensions.empty())
        object.add("Dimensions", dimensions);
    object.add("Timestamp", static_cast<std::uint64_t>(std::max<std::int64_t>(datum.time, 0)))
        .add("Unit", datum.metric.unit);
    if (datum.metric.high_resolution)
        object.add("StorageResolution", std::uint64_t{1});
    if (datum.values.size() == 1 && from->second == 1) {
        object.add("Value", from->first);
        ++from;
        return object;
    }
    std::vector<double> values, counts;
    for (; from != datum.values.end() && values.size() < max_values; ++from) {
        values.push_back(from->first);
        counts.push_back(from->second);
    }
    return std::move(object.add("Values", values).add("Counts", counts));
}

/// The data points of one datum, comma-separated.
struct Points {
    std::string text;
    std::size_t count = 0;
};
Points points_of(const Datum &datum) {
    Points points;
    for (auto from = datum.values.begin(); from != datum.values.end(); ++points.count)
        points.text += (points.count == 0 ? "" : ",") + numbers_of(datum, from).text();
    return points;
}

} // namespace

Result<void> check_namespace(const std::string &text) {
    if (auto good = check_text("namespace", text, max_name); !good)
        return good;
    if (text.starts_with("AWS/") || text.starts_with(':'))
        return fail("namespace " + text, "must not begin with 'AWS/' or ':'");
    return {};
}

Result<void> check_metric(const Metric &metric) {
    if (auto good = check_text("metric name", metric.name, max_name); !good)
        return good;
    if (metric.dimensions.size() > max_dimensions)
        return fail("metric " + metric.name,
                    "more than " + std::to_string(max_dimensions) + " dimensions");
    for (const auto &[name, value] : metric.dimensions) {
        if (auto good = check_text("dimension name", name, max_name); !good)
            return good;
        if (name.starts_with(':'))
            return fail("dimension " + name, "must not begin with ':'");
        if (auto good = check_text("dimension " + name, value, max_dimension_value); !good)
            return good;
    }
    if (std::ranges::find(metric_units(), metric.unit) == metric_units().end())
        return fail("unit " + metric.unit, "is none of CloudWatch's");
    return {};
}

bool is_metric_value(double value) {
    return std::isfinite(value) && std::abs(value) <= max_magnitude;
}

const std::vector<std::string> &metric_units() {
    static const std::vector<std::string> units{"None",
                                                "Count",
                                                "Count/Second",
                                                "Percent",
                                                "Seconds",
                                                "Microseconds",
                                                "Milliseconds",
                                                "Bytes",
                                                "Kilobytes",
                                                "Megabytes",
                                                "Gigabytes",
                                                "Terabytes",
                                                "Bits",
                                                "Kilobits",
                                                "Megabits",
                                                "Gigabits",
                                                "Terabits",
                                                "Bytes/Second",
                                                "Kilobytes/Second",
                                                "Megabytes/Second",
                                                "Gigabytes/Second",
                                                "Terabytes/Second",
                                                "Bits/Second",
                                                "Kilobits/Second",
                                                "Megabits/Second",
                                                "Gigabits/Second",
                                                "Terabits/Second"};
    return units;
}

std::vector<MetricRequest> metric_requests(const std::string &name_space,
                                           const std::vector<Datum> &data) {
    const auto head = JsonObject().add("Namespace", name_space).text();
    // {"Namespace":"…","MetricData":[…]}
    const auto begin = head.substr(0, head.size() - 1) + ",\"MetricData\":[";
    constexpr std::string_view end = "]}";
    std::vector<MetricRequest> requests;
    std::size_t points_inside = 0;
    for (const auto &datum : data) {
        const auto points = points_of(datum);
        const bool full =
            requests.empty() || points_inside + points.count > max_data ||
            requests.back().body.size() + points.text.size() + 1 + end.size() > max_body;
        if (full && (points.count > 0 || requests.empty())) {
            if (!requests.empty())
                requests.back().body += end;
            requests.push_back({begin, 0});
            points_inside = 0;
        }
        if (points.count > 0)
            requests.back().body += (points_inside == 0 ? "" : ",") + points.text;
        points_inside += points.count;
        ++requests.back().data;
    }
    if (!requests.empty())
        requests.back().body += end;
    std::erase_if(requests, [&](const auto &request) {
        return request.body.size() == begin.size() + end.size();
    });
    return requests;
}

} // namespace hostav
