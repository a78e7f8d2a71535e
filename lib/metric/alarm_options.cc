// SPDX-License-Identifier: GPL-2.0-only
#include "metric/alarm_options.h"

#include "base/text.h"
#include "metric/alarm_settings.h"
#include "metric/counter.h"
#include "metric/provision_names.h"

#include <algorithm>
#include <array>

namespace hostav {

namespace {

struct Preset {
    const char *word, *name;
    bool of_a_host; ///< without a dimension, this machine's
    const char *name_space, *metric, *statistic, *unit;
    std::uint64_t period;
    double threshold;
    const char *missing_data, *description;
};
// A host that has fallen silent is one without a scan and without new signatures: missing data
// alarm. Ages are published often; an hour is short beside them, and far within the day that
// CloudWatch looks back.
constexpr std::array presets{
    Preset{"found", found_alarm_name, false, "clamav/found", "VIRUSFOUND", "Sum", "", 300, 0,
           "notBreaching", ""},
    Preset{"no-scan", "hostav NO SCAN", true, "hostav", "LastScanAge", "Maximum", "", 3600,
           26.0 * 3600, "breaching", "No scan was completed in 26 hours, or the host is silent."},
    Preset{"old-signatures", "hostav OLD SIGNATURES", true, "hostav", "SignatureAge", "Maximum", "",
           3600, 3.0 * 86400, "breaching",
           "Signatures are older than three days, or the host is silent."},
};

const Preset *find_preset(const std::string &word) {
    const auto *const found = std::ranges::find(presets, word, &Preset::word);
    return found == presets.end() ? nullptr : found;
}

Alarm preset_alarm(const Preset &preset) {
    Alarm alarm;
    alarm.name_space = preset.name_space;
    alarm.metric = preset.metric;
    alarm.statistic = preset.statistic;
    alarm.unit = preset.unit;
    alarm.period = preset.period;
    alarm.threshold = preset.threshold;
    alarm.missing_data = preset.missing_data;
    alarm.description = preset.description;
    if (preset.of_a_host)
        alarm.dimensions["Host"] = "{hostname}";
    return alarm;
}

Result<void> take_words(const AlarmOptions &options, Alarm &alarm) {
    const auto threshold =
        options.threshold ? parse_metric_value(*options.threshold) : std::optional(alarm.threshold);
    if (!threshold)
        return fail("--threshold=" + escape_path(*options.threshold), "is no number");
    alarm.threshold = *threshold;
    if (options.comparison)
        alarm.comparison = comparison_name(*options.comparison);
    if (alarm.comparison.empty())
        return fail("--comparison=" + escape_path(*options.comparison), "one of > >= < <=");
    constexpr std::array<std::string_view, 4> missing{"breaching", "notBreaching", "ignore",
                                                      "missing"};
    alarm.missing_data = options.missing_data.value_or(alarm.missing_data);
    if (std::ranges::find(missing, alarm.missing_data) == missing.end())
        return fail("--treat-missing-data=" + escape_path(alarm.missing_data),
                    "breaching, notBreaching, ignore or missing");
    alarm.low_samples = options.low_samples.value_or("");
    if (!alarm.low_samples.empty() && alarm.low_samples != "evaluate" &&
        alarm.low_samples != "ignore")
        return fail("--low-samples=" + escape_path(alarm.low_samples), "evaluate or ignore");
    return {};
}

Result<void> take_metric(const AlarmOptions &options, Alarm &alarm) {
    alarm.name_space = options.name_space.value_or(alarm.name_space);
    alarm.metric = options.metric.value_or(alarm.metric);
    alarm.statistic = options.statistic.value_or(alarm.statistic);
    alarm.unit = options.unit.value_or(alarm.unit);
    alarm.period = options.period.value_or(alarm.period);
    alarm.evaluation_periods = options.evaluation_periods.value_or(alarm.evaluation_periods);
    alarm.datapoints = options.datapoints.value_or(alarm.evaluation_periods);
    auto dimensions = parse_pairs("--dimension", options.dimensions);
    if (!dimensions)
        return std::unexpected(dimensions.error());
    if (!dimensions->empty())
        alarm.dimensions = std::move(*dimensions);
    if (!options.preset)
        for (const auto &[given, name] : {std::pair{options.name_space.has_value(), "--namespace"},
                                          {options.metric.has_value(), "--metric"},
                                          {options.threshold.has_value(), "--threshold"}})
            if (!given)
                return fail(name, "is needed, or --preset, --composite or --rule");
    return take_words(options, alarm);
}

/// Of a metric; a composite alarm has none of it.
Result<void> refuse_metric(const AlarmOptions &options) {
    using Given = std::pair<bool, const char *>;
    for (const auto &[given, name] :
         {Given{options.preset.has_value(), "--preset"},
          Given{options.name_space.has_value(), "--namespace"},
          Given{options.metric.has_value(), "--metric"},
          Given{options.statistic.has_value(), "--statistic"},
          Given{options.threshold.has_value(), "--threshold"},
          Given{options.comparison.has_value(), "--comparison"},
          Given{options.missing_data.has_value(), "--treat-missing-data"},
          Given{options.unit.has_value(), "--unit"},
          Given{options.low_samples.has_value(), "--low-samples"},
          Given{options.period.has_value(), "--period"},
          Given{options.evaluation_periods.has_value(), "--evaluation-periods"},
          Given{options.datapoints.has_value(), "--datapoints"},
          Given{!options.dimensions.empty(), "--dimension"}})
        if (given)
            return fail(name, "is of a metric's alarm, not of a composite one");
    if (options.rule && (options.composite_prefix || !options.composite.empty()))
        return fail("--rule", "cannot be combined with --composite and --composite-prefix");
    return {};
}

Result<void> take_composite(const AlarmOptions &options, Alarm &alarm) {
    if (auto good = refuse_metric(options); !good)
        return good;
    for (const auto &name : options.composite) {
        if (auto good = check_alarm_name(name); !good)
            return good;
        if (name.find_first_of("\"\\") != std::string::npos)
            return fail("--composite=" + escape_path(name), "has a \" or \\: write a --rule");
        if (name == alarm.name)
            return fail("--composite=" + escape_path(name), "is the alarm itself");
    }
    // Of a prefix the alarms are not known yet; what stands there makes it a composite one.
    alarm.rule = options.rule.value_or(
        options.composite_prefix ? *options.composite_prefix : any_alarm_rule(options.composite));
    return {};
}

} // namespace

void declare_alarm(CommandLine &line, AlarmOptions &options) {
    line.text("preset", 0, options.preset, "WORD", "found, no-scan or old-signatures");
    line.text("namespace", 0, options.name_space, "NAME", "Of the metric");
    line.text("metric", 0, options.metric, "NAME", "Its name");
    line.texts("dimension", 0, options.dimensions, "NAME=VALUE",
               "Exactly the metric's; {hostname} and the like are this machine's");
    line.text("statistic", 0, options.statistic, "WORD",
              "Sum, Average, Minimum, Maximum, SampleCount, p99 … (Sum)");
    line.text("comparison", 0, options.comparison, "SIGN", "> >= < <= (>)");
    line.text("threshold", 0, options.threshold, "NUMBER", "What it is compared with");
    line.number("period", 0, options.period, 1, UINT32_MAX, "SECONDS",
                "10, 20, 30 or a multiple of 60 (300)");
    line.number("evaluation-periods", 0, options.evaluation_periods, 1, UINT32_MAX, "NUMBER",
                "How many periods are looked at (1)");
    line.number("datapoints", 0, options.datapoints, 1, UINT32_MAX, "NUMBER",
                "How many of them must breach (all)");
    line.text("treat-missing-data", 0, options.missing_data, "WORD",
              "notBreaching, breaching, ignore, missing (notBreaching)");
    line.text("low-samples", 0, options.low_samples, "WORD",
              "Of percentiles with few data: evaluate, ignore");
    line.text("unit", 0, options.unit, "UNIT", "Only data of this unit (of any)");
    line.texts("composite", 0, options.composite, "ALARM",
               "On when one of these alarms is (repeatable)");
    line.text("composite-prefix", 0, options.composite_prefix, "TEXT",
              "Likewise of all whose name begins so");
    line.text("rule", 0, options.rule, "RULE", "A composite alarm's, as CloudWatch has it");
    line.texts("alarm-action", 0, options.alarm_actions, "TOPIC|ARN",
               "What happens when it goes on: a topic, or any ARN (5)");
    line.texts("ok-action", 0, options.ok_actions, "TOPIC|ARN", "When it goes off (5)");
    line.texts("insufficient-data-action", 0, options.insufficient_data_actions, "TOPIC|ARN",
               "When data are missing (5)");
    line.text("description", 0, options.description, "TEXT", "What mails say of it");
    line.flag("disabled", 0, options.disabled, "Its actions are off");
}

std::string preset_alarm_name(const std::string &preset, const Alarm &alarm) {
    const auto *const found = find_preset(preset);
    std::string name = found != nullptr ? found->name : preset;
    for (const auto &[dimension, value] : alarm.dimensions)
        name += " " + value;
    return name;
}

Result<Alarm> take_alarm(const AlarmOptions &options, const std::string &name) {
    Alarm alarm;
    if (options.preset) {
        const auto *const preset = find_preset(*options.preset);
        if (preset == nullptr)
            return fail("--preset=" + escape_path(*options.preset),
                        "found, no-scan or old-signatures");
        alarm = preset_alarm(*preset);
    }
    alarm.name = name;
    const auto taken =
        options.composite_wanted() ? take_composite(options, alarm) : take_metric(options, alarm);
    if (!taken)
        return std::unexpected(taken.error());
    if (options.preset && name.empty())
        alarm.name = preset_alarm_name(*options.preset, alarm);
    alarm.description = options.description.value_or(alarm.description);
    alarm.enabled = !options.disabled;
    alarm.alarm_actions = options.alarm_actions;
    alarm.ok_actions = options.ok_actions;
    alarm.insufficient_data_actions = options.insufficient_data_actions;
    if (auto good = check_alarm(alarm); !good)
        return std::unexpected(good.error());
    return alarm;
}

} // namespace hostav
