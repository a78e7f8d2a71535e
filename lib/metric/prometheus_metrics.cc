// SPDX-License-Identifier: GPL-2.0-only
#include "metric/prometheus_metrics.h"

#include "base/ascii.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/text.h"

#include <charconv>
#include <ctime>
#include <fcntl.h>
#include <set>

namespace hostav {

namespace {

constexpr std::size_t largest = std::size_t{1} << 20; ///< bytes of a file that may be ours
constexpr mode_t mode = 0644;                         // node_exporter is somebody else

std::string legal_name(std::string_view text, bool label) {
    std::string name;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool digit = c >= '0' && c <= '9';
        if (digit && name.empty())
            name += '_';
        name += letter || digit ? c : '_';
    }
    // Names of labels that begin with two are Prometheus' own.
    while (label && name.starts_with("__"))
        name.erase(0, 1);
    return name;
}

std::string escaped(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || (quotes && c == '"'))
            out += '\\';
        out += c;
    }
    return out; // a line end cannot be in it: check_metric()
}

std::string labels_of(const Metric &metric) {
    std::string labels;
    std::set<std::string> used;
    for (const auto &[name, value] : metric.dimensions) {
        auto label = legal_name(name, true);
        while (!used.insert(label).second)
            label += '_';
        labels += (labels.empty() ? "{" : ",") + label + "=\"" + escaped(value, true) + "\"";
    }
    return labels.empty() ? "" : labels + "}";
}

/// What the file says of a series, 0 where it says nothing.
double total_in(std::string_view text, const std::string &series) {
    for (auto line : split(text, '\n')) {
        if (!line.starts_with(series + " "))
            continue;
        line.remove_prefix(series.size() + 1);
        double value = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
        if (error == std::errc() && end == line.data() + line.size() && is_metric_value(value))
            return value;
    }
    return 0;
}

/// What is, of any number of metrics, in place of whatever the file had.
std::string gauges_text(const std::string &name_space, const std::vector<Datum> &data) {
    std::string text;
    std::set<std::string> said;
    for (const auto &datum : data) {
        const auto name = legal_name(name_space + "_" + datum.metric.name, false);
        if (said.insert(name).second)
            text += "# HELP " + name + " " +
                    escaped(datum.metric.name + " of " + name_space, false) + ".\n# TYPE " + name +
                    " gauge\n";
        text += name + labels_of(datum.metric) + " " + number_text(sum_of(datum)) + "\n";
    }
    return text;
}

} // namespace

std::string prometheus_text(std::string_view before, const std::string &name_space,
                            const std::vector<Datum> &data, std::int64_t now) {
    const auto &metric = data.front().metric;
    if (metric.gauge)
        return gauges_text(name_space, data);
    const auto base = legal_name(name_space + "_" + metric.name, false);
    const auto labels = labels_of(metric);
    const auto series = base + "_total" + labels;
    double total = total_in(before, series);
    for (const auto &datum : data)
        total += sum_of(datum);
    const auto about = escaped(metric.name + " of " + name_space, false);
    const auto pushed = base + "_last_push_timestamp_seconds";
    return "# HELP " + base + "_total Sum of " + about + ".\n# TYPE " + base + "_total counter\n" +
           series + " " + number_text(total) + "\n# HELP " + pushed + " When " + about +
           " was pushed last.\n# TYPE " + pushed + " gauge\n" + pushed + labels + " " +
           std::to_string(now) + "\n";
}

Result<void> PrometheusMetrics::add(const std::vector<Datum> &data) const {
    const auto slash = path_.rfind('/');
    const auto directory =
        slash == std::string::npos ? std::string(".") : path_.substr(0, slash + 1);
    const auto name = slash == std::string::npos ? path_ : path_.substr(slash + 1);
    const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(directory));
    std::string before;
    if (::faccessat(fd.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT) {
        auto read = read_file(fd.get(), name, largest);
        if (!read)
            return std::unexpected(read.error());
        before = std::move(*read);
    }
    return replace_file(fd.get(), name,
                        prometheus_text(before, name_space_, data, std::time(nullptr)), mode);
}

void PrometheusMetrics::push(const std::vector<Datum> &data, Done done) {
    done(pushed_now(data.empty() ? Result<void>{} : add(data), data.size()));
}

} // namespace hostav
