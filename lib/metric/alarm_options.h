// SPDX-License-Identifier: GPL-2.0-only
//
// The options that make an alarm: of a metric, by a preset or not, or a composite one of others.
#pragma once

#include "aws/alarms.h"
#include "base/error.h"
#include "conf/command_line.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct AlarmOptions {
    std::optional<std::string> preset, name_space, metric, statistic, threshold, comparison,
        missing_data, unit, low_samples, description, rule, composite_prefix;
    std::vector<std::string> dimensions, composite, alarm_actions, ok_actions,
        insufficient_data_actions;
    std::optional<std::uint64_t> period, evaluation_periods, datapoints;
    bool disabled = false;

    [[nodiscard]] bool composite_wanted() const {
        return rule || composite_prefix || !composite.empty();
    }
};
void declare_alarm(CommandLine &line, AlarmOptions &options);

/// Checked, but for placeholders in dimensions and for names of topics, which are as they are
/// given. `name` may be empty with a preset. The rule of a composite alarm with a prefix is made by
/// any_alarm_rule() (metric/alarm_settings.h) once the alarms are known.
[[nodiscard]] Result<Alarm> take_alarm(const AlarmOptions &options, const std::string &name);
/// The name of an alarm that was made from a preset without one, with its dimensions' values, so
/// that each host has its own.
[[nodiscard]] std::string preset_alarm_name(const std::string &preset, const Alarm &alarm);

/// Of the alarm of chapter five, which the preset `found` is.
inline constexpr const char *found_alarm_name = "ClamAV VIRUS FOUND";

} // namespace hostav
