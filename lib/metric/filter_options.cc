// SPDX-License-Identifier: GPL-2.0-only
#include "metric/filter_options.h"

#include "base/text.h"
#include "metric/counter.h"
#include "metric/filter.h"
#include "metric/provision_names.h"

namespace hostav {

void declare_filter(CommandLine &line, FilterOptions &options, bool fields) {
    line.text("pattern", 0, options.pattern, "PATTERN",
              "What lines match (lines that end in ' FOUND')");
    line.text("namespace", 0, options.name_space, "NAME", "Of the metric (clamav/found)");
    line.text("metric", 0, options.metric, "NAME", "Its name (VIRUSFOUND)");
    line.text("value", 0, options.value, "NUMBER|$FIELD", "What a line adds (1), or a field of it");
    line.text("default", 0, options.otherwise, "NUMBER|none",
              "Of a minute whose lines do not match (0)");
    line.text("unit", 0, options.unit, "UNIT", "Unit, such as Bytes (Count)");
    if (fields)
        line.texts("dimension", 0, options.dimensions, "NAME=$FIELD",
                   "A dimension, from a field of the pattern (without --default)");
}

Result<MetricFilter> take_filter(const FilterOptions &options, const std::string &group,
                                 const std::string &name, std::string &caret) {
    MetricFilter filter;
    filter.group = group;
    filter.name = name;
    filter.pattern = options.pattern.value_or(std::string(default_pattern));
    filter.name_space = options.name_space.value_or("clamav/found");
    filter.metric = options.metric.value_or("VIRUSFOUND");
    filter.value = options.value.value_or("1");
    filter.unit = options.unit.value_or("Count");
    auto dimensions = parse_pairs("--dimension", options.dimensions);
    if (!dimensions)
        return std::unexpected(dimensions.error());
    filter.dimensions = std::move(*dimensions);
    if (!options.otherwise && filter.dimensions.empty())
        filter.otherwise = 0;
    if (options.otherwise && *options.otherwise != "none") {
        filter.otherwise = parse_metric_value(*options.otherwise);
        if (!filter.otherwise)
            return fail("--default=" + escape_path(*options.otherwise),
                        "is neither a number nor none");
    }
    if (auto good = check_metric_filter(filter, caret); !good)
        return std::unexpected(good.error());
    return filter;
}

} // namespace hostav
