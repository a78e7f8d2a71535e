// SPDX-License-Identifier: GPL-2.0-only
#include "aws/alarms.h"

#include "aws/answer_fields.h"
#include "base/json.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace hostav {

namespace {

std::vector<JsonObject> pairs(const std::map<std::string, std::string> &from, const char *name,
                              const char *value) {
    std::vector<JsonObject> objects;
    objects.reserve(from.size());
    for (const auto &[key, text] : from)
        objects.push_back(std::move(JsonObject().add(name, key).add(value, text)));
    return objects;
}

void add_metric(JsonObject &body, const Alarm &alarm) {
    body.add("Namespace", alarm.name_space).add("MetricName", alarm.metric);
    if (!alarm.dimensions.empty())
        body.add("Dimensions", pairs(alarm.dimensions, "Name", "Value"));
    body.add(is_plain_statistic(alarm.statistic) ? "Statistic" : "ExtendedStatistic",
             alarm.statistic);
    if (!alarm.unit.empty())
        body.add("Unit", alarm.unit);
    body.add("Period", alarm.period)
        .add("EvaluationPeriods", alarm.evaluation_periods)
        .add("DatapointsToAlarm", alarm.datapoints)
        .add("Threshold", alarm.threshold)
        .add("ComparisonOperator", alarm.comparison)
        .add("TreatMissingData", alarm.missing_data);
    if (!alarm.low_samples.empty())
        body.add("EvaluateLowSampleCountPercentile", alarm.low_samples);
}

/// What a put does not say again, it drops.
std::vector<std::string> foreign_settings(const AnswerFields &one) {
    constexpr std::array names{"Metrics", "EvaluationCriteria", "EvaluationInterval",
                               "ActionsSuppressor"};
    std::vector<std::string> found;
    for (const std::string name : names)
        if (one.contains(name) || !object_fields(one, name).empty())
            found.push_back(name);
    return found;
}

std::string text_or(const AnswerFields &one, const char *name, const char *otherwise) {
    const auto text = text_field(one, name);
    return text.empty() ? otherwise : text;
}

Alarm read_alarm(const AnswerFields &one) {
    Alarm alarm;
    alarm.name = text_field(one, "AlarmName");
    alarm.description = text_field(one, "AlarmDescription");
    alarm.enabled = text_field(one, "ActionsEnabled") != "false";
    alarm.alarm_actions = text_list(one, "AlarmActions");
    alarm.ok_actions = text_list(one, "OKActions");
    alarm.insufficient_data_actions = text_list(one, "InsufficientDataActions");
    alarm.state = text_field(one, "StateValue");
    alarm.foreign = foreign_settings(one);
    alarm.rule = text_field(one, "AlarmRule");
    alarm.name_space = text_field(one, "Namespace");
    alarm.metric = text_field(one, "MetricName");
    for (const auto &dimension : object_list(one, "Dimensions"))
        alarm.dimensions[text_field(dimension, "Name")] = text_field(dimension, "Value");
    alarm.statistic = text_or(one, "Statistic", text_field(one, "ExtendedStatistic").c_str());
    alarm.unit = text_field(one, "Unit");
    alarm.period = whole_field(one, "Period");
    alarm.evaluation_periods = whole_field(one, "EvaluationPeriods");
    const auto datapoints = whole_field(one, "DatapointsToAlarm");
    alarm.datapoints = datapoints > 0 ? datapoints : alarm.evaluation_periods;
    alarm.threshold = number_field(one, "Threshold").value_or(0);
    alarm.comparison = text_field(one, "ComparisonOperator");
    alarm.missing_data = text_or(one, "TreatMissingData", "missing");
    alarm.low_samples = text_field(one, "EvaluateLowSampleCountPercentile");
    return alarm;
}

std::string question_body(const AlarmQuestion &question, const std::string &token) {
    JsonObject body;
    body.add("AlarmTypes", std::vector<std::string>{"MetricAlarm", "CompositeAlarm"});
    if (!question.names.empty())
        body.add("AlarmNames", question.names);
    else if (!question.name_prefix.empty())
        body.add("AlarmNamePrefix", question.name_prefix);
    if (!question.action_prefix.empty())
        body.add("ActionPrefix", question.action_prefix);
    if (!token.empty())
        body.add("NextToken", token);
    return body.text();
}

} // namespace

bool is_plain_statistic(const std::string &statistic) {
    constexpr std::array<std::string_view, 5> plain{"SampleCount", "Average", "Sum", "Minimum",
                                                    "Maximum"};
    return std::ranges::find(plain, statistic) != plain.end();
}

std::string alarm_body(const Alarm &alarm, const AwsTags &tags) {
    JsonObject body;
    body.add("AlarmName", alarm.name);
    if (!alarm.description.empty())
        body.add("AlarmDescription", alarm.description);
    body.add("ActionsEnabled", alarm.enabled)
        .add("AlarmActions", alarm.alarm_actions)
        .add("OKActions", alarm.ok_actions)
        .add("InsufficientDataActions", alarm.insufficient_data_actions);
    if (alarm.composite())
        body.add("AlarmRule", alarm.rule);
    else
        add_metric(body, alarm);
    if (!tags.empty())
        body.add("Tags", pairs(tags, "Key", "Value"));
    return body.text();
}

Result<std::vector<Alarm>> read_alarms(const std::string &answer, std::string &next_token) {
    const auto fields = parse_json_fields(answer, "alarms");
    if (!fields)
        return std::unexpected(fields.error());
    std::vector<Alarm> alarms;
    for (const auto *kind : {"MetricAlarms", "CompositeAlarms"})
        for (const auto &one : object_list(*fields, kind))
            alarms.push_back(read_alarm(one));
    next_token = text_field(*fields, "NextToken");
    return alarms;
}

AwsResult<std::vector<Alarm>> list_alarms(AwsServices &services, const AlarmQuestion &question) {
    constexpr const char *operation = "DescribeAlarms";
    std::vector<Alarm> all;
    const auto page = [&](const std::string &token) -> AwsResult<std::string> {
        const auto answer = services.metrics(operation, question_body(question, token));
        if (!answer)
            return std::unexpected(answer.error());
        std::string next;
        auto alarms = read_alarms(*answer, next);
        if (!alarms)
            return unexpected_answer(operation);
        std::ranges::move(*alarms, std::back_inserter(all));
        return next;
    };
    if (const auto read = read_pages(operation, page); !read)
        return std::unexpected(read.error());
    return all;
}

AwsResult<> put_alarm(AwsServices &services, const Alarm &alarm, const AwsTags &tags) {
    const auto answer = services.metrics(alarm.composite() ? "PutCompositeAlarm" : "PutMetricAlarm",
                                         alarm_body(alarm, tags));
    return answer ? AwsResult<>{} : std::unexpected(answer.error());
}

AwsResult<> delete_alarm(AwsServices &services, const std::string &name) {
    const auto answer = services.metrics(
        "DeleteAlarms", JsonObject().add("AlarmNames", std::vector<std::string>{name}).text());
    if (!answer && answer.error().kind != AwsErrorKind::not_found)
        return std::unexpected(answer.error());
    return {};
}

} // namespace hostav
