// SPDX-License-Identifier: GPL-2.0-only
#include "metric/filter_settings.h"

#include "base/text.h"
#include "metric/counter.h"
#include "metric/datum.h"
#include "metric/filter.h"
#include "metric/provision_names.h"
#include "metric/sink.h"

namespace hostav {

namespace {

constexpr std::size_t longest_value = 100, most_filter_dimensions = 3;

/// A field that the pattern gives, or the reason why not.
Result<void> check_field(const Filter &filter, const std::string &field, const std::string &what) {
    const auto reference = filter.reference(field);
    return reference ? Result<void>{} : std::unexpected(reference.error().error(field, what));
}

Result<void> check_value(const Filter &filter, const std::string &value) {
    const auto what = "--value=" + escape_path(value);
    if (value.size() > longest_value)
        return fail(what, "has more than 100 characters");
    if (value.starts_with('$'))
        return check_field(filter, value, what);
    return parse_metric_value(value)
               ? Result<void>{}
               : fail(what, "is neither a number nor a $field of the pattern");
}

Result<void> check_dimensions(const MetricFilter &wanted, const Filter &filter) {
    if (wanted.dimensions.size() > most_filter_dimensions)
        return fail("--dimension", "a metric filter has three at most");
    // The service's own rule: a minute without a match has no fields to take them from.
    if (!wanted.dimensions.empty() && wanted.otherwise)
        return fail("--default", "cannot be combined with --dimension in a metric filter");
    for (const auto &[name, field] : wanted.dimensions) {
        const auto what = "--dimension=" + escape_path(name + "=" + field);
        if (!field.starts_with('$'))
            return fail(what, "needs a field of the pattern, NAME=$.field or NAME=$field");
        if (auto good = check_field(filter, field, what); !good)
            return good;
    }
    return {};
}

Result<void> check_metric_names(const MetricFilter &wanted) {
    if (auto good = check_namespace(wanted.name_space); !good)
        return good;
    Metric metric;
    metric.name = wanted.metric;
    metric.dimensions = wanted.dimensions;
    metric.unit = wanted.unit.empty() ? metric.unit : wanted.unit;
    if (auto good = check_metric(metric); !good)
        return good;
    for (const auto *name : {&wanted.name_space, &wanted.metric})
        if (name->find_first_of(":*$") != std::string::npos)
            return fail((name == &wanted.metric ? "metric " : "namespace ") + *name,
                        "a metric filter takes none with : * or $");
    return {};
}

} // namespace

Result<void> check_metric_filter(const MetricFilter &wanted, std::string &caret) {
    if (auto good = check_filter_name(wanted.name); !good)
        return good;
    const auto refuse = [&](const FilterError &error) {
        caret = error.caret(wanted.pattern);
        return std::unexpected(error.error(wanted.pattern, "--pattern"));
    };
    const auto filter = parse_filter(wanted.pattern);
    if (!filter)
        return refuse(filter.error());
    if (const auto local = filter->local_only())
        return refuse(*local);
    if (auto good = check_metric_names(wanted); !good)
        return good;
    if (auto good = check_value(*filter, wanted.value); !good)
        return good;
    return check_dimensions(wanted, *filter);
}

Changes filter_changes(const MetricFilter &from, const MetricFilter &to) {
    const auto number = [](const std::optional<double> &value) {
        return value ? number_text(*value) : std::string();
    };
    // A unit that is not given is None.
    const auto unit = [](const MetricFilter &filter) {
        return filter.unit.empty() ? std::string("None") : filter.unit;
    };
    Changes changes;
    changes.compare("pattern", from.pattern, to.pattern);
    changes.compare("namespace", from.name_space, to.name_space);
    changes.compare("metric", from.metric, to.metric);
    changes.compare("value", from.value, to.value);
    changes.compare("default", number(from.otherwise), number(to.otherwise));
    changes.compare("unit", unit(from), unit(to));
    changes.compare("dimensions", from.dimensions, to.dimensions);
    return changes;
}

std::string filter_metric_text(const MetricFilter &filter) {
    return escape_path(filter.name_space + " " + filter.metric + " " + filter.value);
}

} // namespace hostav
