// SPDX-License-Identifier: GPL-2.0-only
#include "metric/datum_record.h"

#include "base/json.h"
#include "base/text.h"
#include "metric/counter.h"

namespace hostav {

std::string datum_text(const Datum &datum) {
    const auto &metric = datum.metric;
    std::vector<JsonObject> dimensions, values;
    for (const auto &[name, value] : metric.dimensions)
        dimensions.push_back(std::move(JsonObject().add("name", name).add("value", value)));
    for (const auto &[value, times] : datum.values)
        values.push_back(std::move(JsonObject().add("value", value).add("times", times)));
    return JsonObject()
        .add("metric", metric.name)
        .add("unit", metric.unit)
        .add("high_resolution", metric.high_resolution)
        .add("time", static_cast<std::uint64_t>(std::max<std::int64_t>(datum.time, 0)))
        .add("dimensions", dimensions)
        .add("values", values)
        .text();
}

Result<Datum> read_datum(std::string_view text) {
    const auto tree = parse_json_tree(text, "datum");
    if (!tree)
        return std::unexpected(tree.error());
    const auto objects = [&tree](const char *name) {
        const auto found = tree->objects.find(name);
        return found == tree->objects.end() ? std::vector<std::map<std::string, std::string>>{}
                                            : found->second;
    };
    Datum datum;
    datum.metric.name = text_field(tree->fields, "metric");
    datum.metric.unit = text_field(tree->fields, "unit");
    datum.metric.high_resolution = text_field(tree->fields, "high_resolution") == "true";
    for (const auto &one : objects("dimensions"))
        datum.metric.dimensions[text_field(one, "name")] = text_field(one, "value");
    const auto time = parse_number(text_field(tree->fields, "time"));
    if (auto good = check_metric(datum.metric); !time || !good)
        return time ? std::unexpected(good.error()) : fail("datum", "has no time");
    datum.time = static_cast<std::int64_t>(*time);
    for (const auto &one : objects("values")) {
        const auto value = parse_metric_value(text_field(one, "value"));
        const auto times = parse_metric_value(text_field(one, "times"));
        if (!value || !times)
            return fail("datum", "has a value that is none");
        datum.values[*value] += *times;
    }
    if (datum.values.empty())
        return fail("datum", "has no value");
    return datum;
}

} // namespace hostav
