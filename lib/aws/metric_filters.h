// SPDX-License-Identifier: GPL-2.0-only
//
// Metric filters: what of a log group's lines becomes a metric
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html).
#pragma once

#include "aws/services.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct MetricFilter {
    std::string group, name, pattern;
    std::string name_space, metric, value;
    std::optional<double> otherwise;               ///< of a minute whose lines do not match
    std::string unit;                              ///< empty: none given
    std::map<std::string, std::string> dimensions; ///< name to field, `$.host`
};

/// Of one group, or of all where `group` is empty; `prefix` of their names, may be empty.
[[nodiscard]] AwsResult<std::vector<MetricFilter>>
list_metric_filters(AwsServices &services, const std::string &group, const std::string &prefix);
/// Makes it, or changes the one of that name.
[[nodiscard]] AwsResult<> put_metric_filter(AwsServices &services, const MetricFilter &filter);
[[nodiscard]] AwsResult<> delete_metric_filter(AwsServices &services, const std::string &group,
                                               const std::string &name);

/// The body of PutMetricFilter, and the filters of an answer to DescribeMetricFilters. Pure.
[[nodiscard]] std::string metric_filter_body(const MetricFilter &filter);
[[nodiscard]] Result<std::vector<MetricFilter>> read_metric_filters(const std::string &answer,
                                                                    std::string &next_token);

} // namespace hostav
