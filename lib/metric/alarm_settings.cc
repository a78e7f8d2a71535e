// SPDX-License-Identifier: GPL-2.0-only
#include "metric/alarm_settings.h"

#include "base/regex.h"
#include "base/text.h"
#include "metric/datum.h"
#include "metric/provision_names.h"
#include "metric/sink.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hostav {

namespace {

constexpr std::size_t longest_description = 1024, longest_rule = 10240, most_actions = 5;
constexpr std::uint64_t hour = 3600, day = 86400, week = 7 * day; // seconds

struct Comparison {
    std::string_view sign, name;
};
constexpr std::array comparisons{
    Comparison{">", "GreaterThanThreshold"}, Comparison{">=", "GreaterThanOrEqualToThreshold"},
    Comparison{"<", "LessThanThreshold"}, Comparison{"<=", "LessThanOrEqualToThreshold"}};

/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
bool is_statistic(const std::string &text) {
    static const auto others = Regex::compile(
        R"(\A(?:(?:p|tm|wm|tc|ts)(?:\d{1,2}(?:\.\d{1,10})?|100)|IQM|(?:TM|WM|TC|TS)\([\d.%:]+\)|PR\([\d.:]+\))\z)",
        {}, "statistic");
    return is_plain_statistic(text) || (others && others->search(text));
}

Result<void> check_period(const Alarm &alarm) {
    const auto period = alarm.period;
    const auto what = "--period=" + std::to_string(period);
    if (period != 10 && period != 20 && period != 30 && (period == 0 || period % 60 != 0))
        return fail(what, "10, 20, 30 or a multiple of 60 seconds");
    if (alarm.evaluation_periods == 0)
        return fail("--evaluation-periods=0", "at least one");
    const auto longest = period >= hour ? week : day;
    if (period > longest || alarm.evaluation_periods > longest / period)
        return fail(what, std::to_string(alarm.evaluation_periods) +
                              " such periods are more than CloudWatch looks back: " +
                              (longest == week ? "a week"
                                               : "a day, or a week with periods of an "
                                                 "hour and more"));
    if (alarm.datapoints == 0 || alarm.datapoints > alarm.evaluation_periods)
        return fail("--datapoints=" + std::to_string(alarm.datapoints),
                    "1 to as many as --evaluation-periods");
    return {};
}

Result<void> check_metric_alarm(const Alarm &alarm) {
    if (alarm.name_space.starts_with(':') || alarm.name_space.empty())
        return fail("namespace " + escape_path(alarm.name_space), "must not begin with ':'");
    // AWS's own namespaces may be watched, if not fed.
    const auto own =
        alarm.name_space.starts_with("AWS/") ? "x" + alarm.name_space : alarm.name_space;
    if (auto good = check_namespace(own); !good)
        return good;
    Metric metric;
    metric.name = alarm.metric;
    metric.dimensions = alarm.dimensions;
    metric.unit = alarm.unit.empty() ? metric.unit : alarm.unit;
    if (auto good = check_metric(metric); !good)
        return good;
    if (!is_statistic(alarm.statistic))
        return fail("--statistic=" + escape_path(alarm.statistic),
                    "SampleCount, Average, Sum, Minimum, Maximum, or a percentile and the like "
                    "such as p99");
    if (!alarm.low_samples.empty() && !alarm.statistic.starts_with('p'))
        return fail("--low-samples", "goes with a percentile as --statistic");
    if (!is_metric_value(alarm.threshold))
        return fail("--threshold", "is no number of CloudWatch's range");
    return check_period(alarm);
}

Result<void> check_texts(const Alarm &alarm) {
    if (auto good = check_alarm_name(alarm.name); !good)
        return good;
    if (!is_utf8(alarm.description) || alarm.description.size() > longest_description)
        return fail("--description", "UTF-8, 1024 characters at most");
    using Named = std::pair<const char *, const std::vector<std::string> *>;
    for (const auto &[option, actions] :
         {Named{"--alarm-action", &alarm.alarm_actions}, Named{"--ok-action", &alarm.ok_actions},
          Named{"--insufficient-data-action", &alarm.insufficient_data_actions}}) {
        if (actions->size() > most_actions)
            return fail(option, "five at most");
        for (const auto &action : *actions) {
            if (auto good = check_action(option, action); !good)
                return good;
            if (std::ranges::count(*actions, action) > 1)
                return fail(std::string(option) + "=" + escape_path(action), "is given twice");
        }
    }
    return {};
}

std::string sign_of(const std::string &comparison) {
    const auto *const found = std::ranges::find(comparisons, comparison, &Comparison::name);
    return found == comparisons.end() ? comparison : std::string(found->sign);
}

} // namespace

std::string comparison_name(const std::string &text) {
    for (const auto &[sign, name] : comparisons)
        if (text == sign || text == name)
            return std::string(name);
    return {};
}

std::string any_alarm_rule(const std::vector<std::string> &names) {
    std::string rule;
    for (const auto &name : names)
        rule += (rule.empty() ? "ALARM(\"" : " OR ALARM(\"") + name + "\")";
    return rule;
}

Result<void> check_alarm(const Alarm &alarm) {
    if (auto good = check_texts(alarm); !good)
        return good;
    if (!alarm.composite())
        return check_metric_alarm(alarm);
    if (!is_utf8(alarm.rule) || alarm.rule.size() > longest_rule)
        return fail("rule of alarm " + escape_path(alarm.name), "UTF-8, 10240 characters at most");
    return {};
}

Changes alarm_changes(const Alarm &from, const Alarm &to) {
    const auto count = [](std::uint64_t number) { return static_cast<double>(number); };
    Changes changes;
    changes.compare("description", from.description, to.description);
    changes.compare("actions", std::string(from.enabled ? "enabled" : "disabled"),
                    to.enabled ? "enabled" : "disabled");
    changes.compare("alarm actions", from.alarm_actions, to.alarm_actions);
    changes.compare("OK actions", from.ok_actions, to.ok_actions);
    changes.compare("insufficient-data actions", from.insufficient_data_actions,
                    to.insufficient_data_actions);
    if (to.composite()) {
        changes.compare("rule", from.rule, to.rule);
    } else {
        changes.compare("namespace", from.name_space, to.name_space);
        changes.compare("metric", from.metric, to.metric);
        changes.compare("dimensions", from.dimensions, to.dimensions);
        changes.compare("statistic", from.statistic, to.statistic);
        changes.compare("unit", from.unit, to.unit);
        changes.compare("period", count(from.period), count(to.period));
        changes.compare("evaluation periods", count(from.evaluation_periods),
                        count(to.evaluation_periods));
        changes.compare("datapoints", count(from.datapoints), count(to.datapoints));
        changes.compare("threshold", from.threshold, to.threshold);
        changes.compare("comparison", sign_of(from.comparison), sign_of(to.comparison));
        changes.compare("missing data", from.missing_data, to.missing_data);
        changes.compare("low samples", from.low_samples, to.low_samples);
    }
    for (const auto &setting : from.foreign)
        changes.add(setting + " is dropped");
    return changes;
}

std::string alarm_condition_text(const Alarm &alarm) {
    if (alarm.composite())
        return alarm.rule;
    auto text = alarm.name_space + " " + alarm.metric;
    if (!alarm.dimensions.empty())
        text += " " + pairs_text(alarm.dimensions);
    text += " " + alarm.statistic + " " + sign_of(alarm.comparison) + " " +
            number_text(alarm.threshold) + ", " + std::to_string(alarm.datapoints) + " of " +
            std::to_string(alarm.evaluation_periods) + " periods of " +
            std::to_string(alarm.period) + " s";
    return text;
}

} // namespace hostav
