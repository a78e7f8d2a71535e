// SPDX-License-Identifier: GPL-2.0-only
//
// The options that make a metric filter; without any, chapter five's.
#pragma once

#include "aws/metric_filters.h"
#include "base/error.h"
#include "conf/command_line.h"
#include "metric/filter_settings.h"

#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct FilterOptions {
    std::optional<std::string> pattern, name_space, metric, value, otherwise, unit;
    std::vector<std::string> dimensions;
};
/// `fields`: with --dimension, whose values are fields of the pattern.
void declare_filter(CommandLine &line, FilterOptions &options, bool fields);

/// Checked. `caret`: of a wrong pattern.
[[nodiscard]] Result<MetricFilter> take_filter(const FilterOptions &options,
                                               const std::string &group, const std::string &name,
                                               std::string &caret);

} // namespace hostav
