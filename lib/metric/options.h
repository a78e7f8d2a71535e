// SPDX-License-Identifier: GPL-2.0-only
//
// metric-push's command line.
#pragma once

#include "aws/environment.h"
#include "base/error.h"
#include "follow/date_format.h"
#include "metric/counter.h"
#include "metric/filter.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// Where data go: --to.
enum class MetricSinkKind { cloudwatch, standard_output, prometheus, statsd, otlp };

/// Where `health` looks.
struct HealthOptions {
    std::optional<std::string> clamd_conf, database_directory, scan_report, logship_state;
    std::vector<std::string> without; ///< engine, scan, logship: not expected here
    [[nodiscard]] bool expects(const std::string &part) const;
};

struct PushOptions {
    bool help = false, version = false, verbose = false, quiet = false;
    bool test = false;       ///< the word `test`: show what the pattern matches
    bool health = false;     ///< the word `health`: push what HealthOptions say
    bool iam_policy = false; ///< print what is needed, and do nothing
    bool tee = false;
    std::string pattern{default_pattern};
    std::string name_space = "clamav/found";
    /// Dimensions with placeholders (aws/placeholders.h) as they are.
    CountOptions count{{"VIRUSFOUND", {}, "Count", false}, "1", 0, {}, 60};
    std::optional<std::string> datetime_format;
    TimeZone time_zone = TimeZone::local;
    MetricSinkKind sink = MetricSinkKind::cloudwatch;
    std::string target;             ///< of --to
    std::uint64_t timeout = 30;     ///< seconds after the end of the input
    std::vector<std::string> files; ///< to follow; `-` or none: standard input
    bool once = false, follow_all = false, from_end = true;
    std::optional<std::string> state_directory;
    std::uint64_t spool_size = 8ULL << 20; ///< bytes of data that wait for being pushed
    AwsOptions aws;
    HealthOptions look;

    [[nodiscard]] bool reads_stdin() const { return files.empty() || files.front() == "-"; }
};

/// Of --to: `cloudwatch`, `stdout` …
[[nodiscard]] const char *metric_sink_name(MetricSinkKind kind);

/// what = the option; the pattern is not looked at. `help`: the option part.
[[nodiscard]] Result<void> parse_push_options(int argc, char **argv, PushOptions &options,
                                              std::string &help);

} // namespace hostav
