// SPDX-License-Identifier: GPL-2.0-only
//
// An alarm as options give it: what the service would refuse in it, what differs from the one that
// is there, how it looks in a line.
#pragma once

#include "aws/alarms.h"
#include "base/error.h"
#include "metric/report.h"

#include <string>
#include <vector>

namespace hostav {

/// Name, texts, metric, statistic, period and the rest. Actions may still be topics' names.
[[nodiscard]] Result<void> check_alarm(const Alarm &alarm);

/// `>` and so on, or the service's own word; empty where it is neither.
[[nodiscard]] std::string comparison_name(const std::string &text);

[[nodiscard]] Changes alarm_changes(const Alarm &from, const Alarm &to);

/// `clamav/found VIRUSFOUND Sum > 0, 1 of 1 periods of 300 s`, or the rule; as it is, not escaped.
[[nodiscard]] std::string alarm_condition_text(const Alarm &alarm);

/// `ALARM("a") OR ALARM("b")`: on when one of them is. Names must have no `"` or `\`.
[[nodiscard]] std::string any_alarm_rule(const std::vector<std::string> &names);

} // namespace hostav
