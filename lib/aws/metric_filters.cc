// SPDX-License-Identifier: GPL-2.0-only
#include "aws/metric_filters.h"

#include "aws/answer_fields.h"
#include "base/json.h"

#include <iterator>

namespace hostav {

std::string metric_filter_body(const MetricFilter &filter) {
    JsonObject metric;
    metric.add("metricName", filter.metric)
        .add("metricNamespace", filter.name_space)
        .add("metricValue", filter.value);
    if (filter.otherwise)
        metric.add("defaultValue", *filter.otherwise);
    if (!filter.unit.empty())
        metric.add("unit", filter.unit);
    if (!filter.dimensions.empty()) {
        JsonObject dimensions;
        for (const auto &[name, field] : filter.dimensions)
            dimensions.add(name, field);
        metric.add("dimensions", dimensions);
    }
    std::vector<JsonObject> metrics;
    metrics.push_back(std::move(metric));
    return JsonObject()
        .add("logGroupName", filter.group)
        .add("filterName", filter.name)
        .add("filterPattern", filter.pattern)
        .add("metricTransformations", metrics)
        .text();
}

Result<std::vector<MetricFilter>> read_metric_filters(const std::string &answer,
                                                      std::string &next_token) {
    const auto fields = parse_json_fields(answer, "metric filters");
    if (!fields)
        return std::unexpected(fields.error());
    std::vector<MetricFilter> filters;
    for (const auto &one : object_list(*fields, "metricFilters")) {
        MetricFilter filter;
        filter.group = text_field(one, "logGroupName");
        filter.name = text_field(one, "filterName");
        filter.pattern = text_field(one, "filterPattern");
        const auto metric = object_fields(one, "metricTransformations.0");
        filter.name_space = text_field(metric, "metricNamespace");
        filter.metric = text_field(metric, "metricName");
        filter.value = text_field(metric, "metricValue");
        filter.otherwise = number_field(metric, "defaultValue");
        filter.unit = text_field(metric, "unit");
        filter.dimensions = object_fields(metric, "dimensions");
        filters.push_back(std::move(filter));
    }
    next_token = text_field(*fields, "nextToken");
    return filters;
}

AwsResult<std::vector<MetricFilter>>
list_metric_filters(AwsServices &services, const std::string &group, const std::string &prefix) {
    constexpr const char *operation = "DescribeMetricFilters";
    std::vector<MetricFilter> all;
    const auto page = [&](const std::string &token) -> AwsResult<std::string> {
        JsonObject body;
        if (!group.empty())
            body.add("logGroupName", group);
        if (!prefix.empty())
            body.add("filterNamePrefix", prefix);
        if (!token.empty())
            body.add("nextToken", token);
        const auto answer = services.logs(operation, body.text());
        if (!answer)
            return std::unexpected(answer.error());
        std::string next;
        auto filters = read_metric_filters(*answer, next);
        if (!filters)
            return unexpected_answer(operation);
        std::ranges::move(*filters, std::back_inserter(all));
        return next;
    };
    if (const auto read = read_pages(operation, page); !read)
        return std::unexpected(read.error());
    return all;
}

AwsResult<> put_metric_filter(AwsServices &services, const MetricFilter &filter) {
    const auto answer = services.logs("PutMetricFilter", metric_filter_body(filter));
    return answer ? AwsResult<>{} : std::unexpected(answer.error());
}

AwsResult<> delete_metric_filter(AwsServices &services, const std::string &group,
                                 const std::string &name) {
    JsonObject body;
    body.add("logGroupName", group).add("filterName", name);
    const auto answer = services.logs("DeleteMetricFilter", body.text());
    if (!answer && answer.error().kind != AwsErrorKind::not_found)
        return std::unexpected(answer.error());
    return {};
}

} // namespace hostav
