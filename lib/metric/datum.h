// SPDX-License-Identifier: GPL-2.0-only
//
// Data points of metrics, and the requests that carry them to CloudWatch, within every limit of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html and
// API_MetricDatum.html, API_Dimension.html beside it.
#pragma once

#include "aws/calls.h"
#include "base/error.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hostav {

/// By name.
using Dimensions = std::map<std::string, std::string>;

/// What of a metric every data point of it has.
struct Metric {
    std::string name;
    Dimensions dimensions;
    std::string unit = "None"; ///< one of metric_units()
    bool high_resolution = false;
    bool gauge = false; ///< what is at that time, not what was counted in a period
    bool operator==(const Metric &) const = default;
};

/// A minute's (or second's) worth of one metric: values, each with how often it came.
struct Datum {
    Metric metric;
    std::int64_t time = 0;           ///< seconds since 1970: when the period began
    std::map<double, double> values; ///< value to count
};

/// How far back and ahead a time stamp may be, seconds.
constexpr std::int64_t max_datum_age = 14LL * 24 * 60 * 60;
constexpr std::int64_t max_datum_ahead = 2LL * 60 * 60;

/// Nothing in either that the service would refuse; the error names the text.
[[nodiscard]] Result<void> check_namespace(const std::string &text);
[[nodiscard]] Result<void> check_metric(const Metric &metric);
/// Neither NaN nor infinite, nor beyond 2^360.
[[nodiscard]] bool is_metric_value(double value);
[[nodiscard]] const std::vector<std::string> &metric_units();

/// A PutMetricData request, and how many of the data are in it.
struct MetricRequest {
    std::string body;
    std::size_t data = 0; ///< the next ones, in the order given
};

/// As few requests as the limits allow; data without values are left out. A datum with more values
/// than a data point may have becomes several, all in one request: one is accepted whole or not.
[[nodiscard]] std::vector<MetricRequest> metric_requests(const std::string &name_space,
                                                         const std::vector<Datum> &data);

} // namespace hostav
