// SPDX-License-Identifier: GPL-2.0-only
#include "metric/options.h"

#include "aws/endpoint.h"
#include "aws/placeholders.h"
#include "base/ascii.h"
#include "base/text.h"
#include "conf/command_line.h"
#include "metric/statsd_metrics.h"
#include "net/http_client.h"

#include <algorithm>
#include <array>

namespace hostav {

namespace {

constexpr std::uint64_t longest_period = 86400; // seconds
constexpr std::uint64_t longest_timeout = 86400;
constexpr std::uint64_t least_spool = 65536; // bytes

/// What has to be looked at after parsing.
struct Raw {
    std::optional<std::string> pattern, name_space, metric, value, otherwise, unit, unique, zone,
        to, position, follow, spool_size;
    std::vector<std::string> dimensions;
    std::uint64_t period = 60;
};

void declare_common(CommandLine &line, PushOptions &options, Raw &raw) {
    line.text("pattern", 0, raw.pattern, "PATTERN",
              "A filter pattern of CloudWatch Logs (lines that end in ' FOUND')");
    line.flag("help", 'h', options.help, "Show this help");
    line.flag("version", 'V', options.version, "Show the version");
}

/// Whose they are, and where they go.
void declare_target(CommandLine &line, PushOptions &options, Raw &raw, const char *name_space) {
    line.text("namespace", 0, raw.name_space, "NAME", name_space);
    line.texts("dimension", 0, raw.dimensions, "NAME=VALUE",
               "Dimension; {instance_id} and {hostname} are this machine's");
    line.text("to", 0, raw.to, "SINK",
              "cloudwatch, stdout, prometheus=FILE, statsd=HOST:PORT, otlp=URL");
    line.number("timeout", 0, options.timeout, 1, longest_timeout, "SECONDS",
                "Give up so long after the end of the input (30)");
    line.text("state-dir", 0, options.state_directory, "DIR",
              "What is remembered, and kept for being pushed later");
    line.flag("iam-policy", 0, options.iam_policy, "Print the IAM policy that is needed");
    add_aws_options(line, options.aws);
}

void declare(CommandLine &line, PushOptions &options, Raw &raw) {
    line.group("What is counted");
    declare_common(line, options, raw);
    line.text("value", 0, raw.value, "NUMBER|$FIELD", "What a line counts (1), or a field of it");
    line.text("default", 0, raw.otherwise, "NUMBER", "Of a period without such a line (0)");
    line.optional_text("unique", 0, raw.unique, "path,signature", "FIELD,...",
                       "The same path and signature (or =FIELD,...) counts once a period");
    line.number("period", 0, raw.period, 1, longest_period, "SECONDS", "Push once in (60)");
    line.text("datetime-format", 0, options.datetime_format, "FORMAT",
              "Time stamps in lines, as strptime has them");
    line.text("time-zone", 0, raw.zone, "LOCAL|UTC", "Of time stamps without one (LOCAL)");
    line.texts("file", 0, options.files, "FILE",
               "Follow files instead of reading standard input; wildcards");
    line.text("follow", 0, raw.follow, "WHICH", "newest or all of a pattern's files (newest)");
    line.text("initial-position", 0, raw.position, "WHERE",
              "start_of_file or end_of_file, of a file never seen (end_of_file)");
    line.flag("once", 0, options.once, "--file: count what is there, from its start, and end");
    line.flag("tee", 0, options.tee, "Copy the input to standard output");
    line.flag("verbose", 'v', options.verbose, "Say more");
    line.flag("quiet", 'q', options.quiet, "Errors only");

    line.group("The metric");
    line.text("metric", 0, raw.metric, "NAME", "Name (VIRUSFOUND)");
    line.text("unit", 0, raw.unit, "UNIT", "Unit, such as Bytes (Count)");
    line.flag("high-resolution", 0, options.count.metric.high_resolution,
              "Keep the seconds of time stamps");
    declare_target(line, options, raw, "Namespace (clamav/found)");
    line.text("spool-size", 0, raw.spool_size, "SIZE", "Of what is kept there at most (8M)");
}

void declare_health(CommandLine &line, PushOptions &options, Raw &raw) {
    auto &look = options.look;
    line.group("Where to look");
    line.text("config-file", 'c', look.clamd_conf, "FILE",
              "clamd.conf that says where the daemon listens");
    line.text("database-dir", 0, look.database_directory, "DIR", "Signatures");
    line.text("scan-report", 0, look.scan_report, "FILE",
              "Of the last scan (/var/lib/hostav/fullscan.json)");
    line.text("logship-state", 0, look.logship_state, "DIR", "logship's --state-dir");
    line.texts("without", 0, look.without, "PART", "engine, scan, logship: not expected here");
    line.flag("help", 'h', options.help, "Show this help");
    line.flag("version", 'V', options.version, "Show the version");
    line.flag("verbose", 'v', options.verbose, "Say more");
    line.flag("quiet", 'q', options.quiet, "Errors only");

    line.group("The metrics");
    declare_target(line, options, raw, "Namespace (hostav)");
}

Result<void> take_metric(PushOptions &options, const Raw &raw) {
    options.name_space = raw.name_space.value_or(options.name_space);
    auto &metric = options.count.metric;
    metric.name = raw.metric.value_or(metric.name);
    metric.unit = raw.unit.value_or(metric.unit);
    auto sample = metric; // with placeholders replaced by something
    for (const auto &dimension : raw.dimensions) {
        const auto what = "--dimension=" + escape_path(dimension);
        const auto equals = dimension.find('=');
        if (equals == std::string::npos)
            return fail(what, "is no NAME=VALUE");
        const auto name = dimension.substr(0, equals);
        const auto value = dimension.substr(equals + 1);
        const auto filled = expand_placeholders(
            value, [](const std::string &) -> Result<std::string> { return "x"; }, what);
        if (!filled)
            return std::unexpected(filled.error());
        if (!metric.dimensions.emplace(name, value).second)
            return fail(what, "has a name that was given before");
        sample.dimensions[name] = *filled;
    }
    if (auto good = check_namespace(options.name_space); !good)
        return good;
    return check_metric(sample);
}

Result<void> take_count(PushOptions &options, const Raw &raw) {
    auto &count = options.count;
    count.value = raw.value.value_or(count.value);
    count.period = static_cast<std::int64_t>(raw.period);
    if (raw.otherwise) {
        const auto number = parse_metric_value(*raw.otherwise);
        if (!number)
            return fail("--default=" + escape_path(*raw.otherwise), "is no number");
        count.otherwise = *number;
    }
    if (raw.unique)
        for (const auto name : split(*raw.unique, ','))
            count.unique.emplace_back(trimmed(name));
    if (raw.zone && *raw.zone != "LOCAL" && *raw.zone != "UTC")
        return fail("--time-zone=" + escape_path(*raw.zone), "LOCAL or UTC");
    if (raw.zone && !options.datetime_format)
        return fail("--time-zone", "goes with --datetime-format");
    options.time_zone = raw.zone == "UTC" ? TimeZone::utc : TimeZone::local;
    return {};
}

/// What would be ignored is refused.
Result<void> take_files(PushOptions &options, const Raw &raw) {
    if (options.files.size() > 1 && std::ranges::count(options.files, "-") > 0)
        return fail("--file=-", "standard input cannot be combined with files");
    if (options.reads_stdin() && (raw.position || raw.follow || options.once))
        return fail(raw.position ? "--initial-position"
                    : raw.follow ? "--follow"
                                 : "--once",
                    "means nothing for standard input");
    if (options.tee && !options.reads_stdin())
        return fail("--tee", "cannot be combined with --file");
    if (raw.position && *raw.position != "start_of_file" && *raw.position != "end_of_file")
        return fail("--initial-position=" + escape_path(*raw.position),
                    "start_of_file or end_of_file");
    options.from_end = raw.position ? *raw.position == "end_of_file" : !options.once;
    if (raw.follow && *raw.follow != "newest" && *raw.follow != "all")
        return fail("--follow=" + escape_path(*raw.follow), "newest or all");
    options.follow_all = raw.follow == "all";
    if (raw.spool_size) {
        const auto size = parse_size(*raw.spool_size);
        if (!size || *size < least_spool)
            return fail("--spool-size=" + escape_path(*raw.spool_size),
                        "is no size of at least 64K");
        options.spool_size = *size;
    }
    return {};
}

Result<void> take_look(PushOptions &options, const Raw &raw) {
    for (const auto &part : options.look.without)
        if (part != "engine" && part != "scan" && part != "logship")
            return fail("--without=" + escape_path(part), "engine, scan or logship");
    // The presets of `alarm put` have the same.
    if (raw.dimensions.empty())
        options.count.metric.dimensions = {{"Host", "{hostname}"}};
    return {};
}

struct KnownSink {
    MetricSinkKind kind;
    const char *name, *target; ///< null: it takes none
};
constexpr std::array known_sinks{
    KnownSink{MetricSinkKind::cloudwatch, "cloudwatch", nullptr},
    KnownSink{MetricSinkKind::standard_output, "stdout", nullptr},
    KnownSink{MetricSinkKind::prometheus, "prometheus", "FILE"},
    KnownSink{MetricSinkKind::statsd, "statsd", "HOST:PORT"},
    KnownSink{MetricSinkKind::otlp, "otlp", "URL"},
};

Result<void> check_target(const PushOptions &options) {
    if (options.sink == MetricSinkKind::otlp) {
        if (const auto url = split_url(options.target); !url)
            return fail("--to=otlp", url.error().text());
    } else if (options.sink == MetricSinkKind::statsd) {
        if (const auto made = StatsdMetrics::create(options.target, "", false); !made)
            return fail("--to=statsd", made.error().text());
    } else if (options.sink == MetricSinkKind::prometheus && options.target.ends_with('/')) {
        return fail("--to=prometheus", "names a directory, not a file");
    }
    return {};
}

Result<void> take_sink(PushOptions &options, const Raw &raw) {
    const auto to = raw.to.value_or("cloudwatch");
    const auto equals = to.find('=');
    const auto *const known =
        std::ranges::find(known_sinks, to.substr(0, equals), &KnownSink::name);
    if (known == known_sinks.end())
        return fail("--to=" + escape_path(to),
                    "cloudwatch, stdout, prometheus=FILE, statsd=HOST:PORT or otlp=URL");
    options.sink = known->kind;
    options.target = equals == std::string::npos ? "" : to.substr(equals + 1);
    const auto what = std::string("--to=") + known->name;
    if (known->target != nullptr && options.target.empty())
        return fail(what, "needs a target: --to " + std::string(known->name) + "=" + known->target);
    if (known->target == nullptr && equals != std::string::npos)
        return fail(what, "takes no target");
    if (options.tee && options.sink == MetricSinkKind::standard_output)
        return fail("--tee", "cannot be combined with --to stdout");
    if (options.count.metric.high_resolution && options.sink != MetricSinkKind::cloudwatch)
        return fail("--high-resolution", "goes with --to cloudwatch");
    return check_target(options);
}

} // namespace

bool HealthOptions::expects(const std::string &part) const {
    return std::ranges::find(without, part) == without.end();
}

const char *metric_sink_name(MetricSinkKind kind) {
    return std::ranges::find(known_sinks, kind, &KnownSink::kind)->name;
}

Result<void> parse_push_options(int argc, char **argv, PushOptions &options, std::string &help) {
    options.test = argc > 1 && std::string_view(argv[1]) == "test";
    options.health = argc > 1 && std::string_view(argv[1]) == "health";
    if (options.health)
        options.name_space = "hostav";
    CommandLine line;
    Raw raw;
    if (options.test)
        declare_common(line, options, raw);
    else if (options.health)
        declare_health(line, options, raw);
    else
        declare(line, options, raw);
    const int named = options.test || options.health ? 1 : 0;
    const auto words = line.parse(argc - named, argv + named);
    help = line.help();
    if (!words)
        return std::unexpected(words.error());
    if (options.help || options.version)
        return {};
    if (!words->empty() && options.health)
        return fail(escape_path(words->front()), "is not an option");
    if (!words->empty())
        return fail(escape_path(words->front()), "is not an option; --file FILE follows a file");
    options.pattern = raw.pattern.value_or(options.pattern);
    if (auto done = take_metric(options, raw); !done)
        return done;
    if (auto done = take_count(options, raw); !done)
        return done;
    if (auto done = take_sink(options, raw); !done)
        return done;
    if (auto done = options.health ? take_look(options, raw) : take_files(options, raw); !done)
        return done;
    return check_aws_options(options.aws, cloudwatch_service);
}

} // namespace hostav
