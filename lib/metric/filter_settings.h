// SPDX-License-Identifier: GPL-2.0-only
//
// A metric filter as options give it: what the service would refuse in it, what differs from the
// one that is there.
#pragma once

#include "aws/metric_filters.h"
#include "base/error.h"
#include "metric/report.h"

#include <string>

namespace hostav {

/// Everything but the group's name. The pattern is read by our own parser (metric/filter.h), and
/// what works here but not in the service is refused; where the pattern is wrong, `caret` points at
/// the place, two lines.
[[nodiscard]] Result<void> check_metric_filter(const MetricFilter &wanted, std::string &caret);

[[nodiscard]] Changes filter_changes(const MetricFilter &from, const MetricFilter &to);

/// `clamav/found VIRUSFOUND 1`, printable: what a line that matches adds to.
[[nodiscard]] std::string filter_metric_text(const MetricFilter &filter);

} // namespace hostav
