// SPDX-License-Identifier: GPL-2.0-only
#include "metric/json_metrics.h"

#include "base/files.h"
#include "base/json_text.h"

#include <algorithm>

namespace hostav {

std::string json_metric_line(const std::string &name_space, const Datum &datum) {
    std::string line = "{\"namespace\":";
    append_json_text(line, name_space);
    line += ",\"metric\":";
    append_json_text(line, datum.metric.name);
    line += ",\"dimensions\":{";
    bool first = true;
    for (const auto &[name, value] : datum.metric.dimensions) {
        line += first ? "" : ",";
        first = false;
        append_json_text(line, name);
        line += ':';
        append_json_text(line, value);
    }
    line += "},\"timestamp\":" + std::to_string(datum.time) + ",\"unit\":";
    append_json_text(line, datum.metric.unit);
    if (datum.values.size() == 1 && datum.values.begin()->second == 1)
        return line + ",\"value\":" + number_text(datum.values.begin()->first) + "}";
    std::string values, counts;
    for (const auto &[value, count] : datum.values) {
        values += (values.empty() ? "" : ",") + number_text(value);
        counts += (counts.empty() ? "" : ",") + number_text(count);
    }
    return line + ",\"values\":[" + values + "],\"counts\":[" + counts + "]}";
}

void JsonMetrics::push(const std::vector<Datum> &data, Done done) {
    std::string lines;
    for (const auto &datum : data)
        lines += json_metric_line(name_space_, datum) + "\n";
    done(pushed_now(write_all(fd_, lines, "stdout"), data.size()));
}

} // namespace hostav
