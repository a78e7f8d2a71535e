// SPDX-License-Identifier: GPL-2.0-only
//
// CloudWatch's alarms, of a metric and composite
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
#pragma once

#include "aws/log_group_settings.h"
#include "aws/services.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hostav {

struct Alarm {
    std::string name, description;
    bool enabled = true; ///< whether its actions are
    std::vector<std::string> alarm_actions, ok_actions, insufficient_data_actions; ///< ARNs

    std::string rule; ///< of a composite alarm; empty: it is one of a metric

    std::string name_space, metric;
    std::map<std::string, std::string> dimensions;
    std::string statistic = "Sum"; ///< or a percentile and the like, `p99`
    std::string unit;              ///< empty: data of any
    std::uint64_t period = 300;    ///< seconds
    std::uint64_t evaluation_periods = 1, datapoints = 1;
    double threshold = 0;
    std::string comparison = "GreaterThanThreshold";
    std::string missing_data = "notBreaching";
    std::string low_samples; ///< of percentiles: `evaluate`, `ignore`; empty: evaluate

    // Of one that is there.
    std::string state;                ///< `OK`, `ALARM`, `INSUFFICIENT_DATA`
    std::vector<std::string> foreign; ///< settings that are not in here and that a put would drop

    [[nodiscard]] bool composite() const { return !rule.empty(); }
};

/// Whether the statistic is one of the five that are not `ExtendedStatistic`.
[[nodiscard]] bool is_plain_statistic(const std::string &statistic);

struct AlarmQuestion {
    std::vector<std::string> names; ///< these, 100 at most; or
    std::string name_prefix;        ///< those; both empty: all
    std::string action_prefix;      ///< with an action that begins so
};
/// Both kinds, in order of their names within each.
[[nodiscard]] AwsResult<std::vector<Alarm>> list_alarms(AwsServices &services,
                                                        const AlarmQuestion &question);
/// Makes it, or changes the one of that name, which keeps its tags.
[[nodiscard]] AwsResult<> put_alarm(AwsServices &services, const Alarm &alarm, const AwsTags &tags);
/// One that is gone already is a success.
[[nodiscard]] AwsResult<> delete_alarm(AwsServices &services, const std::string &name);

/// The body of PutMetricAlarm or PutCompositeAlarm, and the alarms of an answer to DescribeAlarms.
/// Pure.
[[nodiscard]] std::string alarm_body(const Alarm &alarm, const AwsTags &tags);
[[nodiscard]] Result<std::vector<Alarm>> read_alarms(const std::string &answer,
                                                     std::string &next_token);

} // namespace hostav
