// SPDX-License-Identifier: GPL-2.0-only
#include "ship/options.h"

#include "aws/endpoint.h"
#include "base/text.h"
#include "conf/command_line.h"
#include "net/http.h"
#include "ship/config_keys.h"

#include <algorithm>
#include <array>

namespace hostav {

namespace {

constexpr std::uint64_t least_spool = 1ULL << 20;
constexpr std::uint64_t most_seconds = 365ULL * 86400;

/// Options that are keys of awslogs.conf.
struct StreamFlag {
    const char *flag, *key, *value, *help;
};
constexpr std::array stream_flags{
    StreamFlag{"group", "log_group_name", "GROUP", "Log group"},
    StreamFlag{"log-group-name", "log_group_name", "GROUP", nullptr},
    StreamFlag{"stream", "log_stream_name", "STREAM", "Log stream ({instance_id})"},
    StreamFlag{"log-stream-name", "log_stream_name", "STREAM", nullptr},
    StreamFlag{"datetime-format", "datetime_format", "FORMAT", "Time stamps, as strptime has them"},
    StreamFlag{"time-zone", "time_zone", "LOCAL|UTC", "Of time stamps without one (LOCAL)"},
    StreamFlag{"multi-line-start-pattern", "multi_line_start_pattern", "REGEX",
               "What begins an event (^[^\\s])"},
    StreamFlag{"initial-position", "initial_position", "WHERE",
               "start_of_file or end_of_file, of a file never seen"},
    StreamFlag{"encoding", "encoding", "CODEC", "Of the text (utf_8)"},
    StreamFlag{"file-fingerprint-lines", "file_fingerprint_lines", "N[-M]",
               "Which lines tell files apart (1)"},
    StreamFlag{"follow", "follow", "WHICH", "newest or all of a pattern's files (newest)"},
    StreamFlag{"buffer-duration", "buffer_duration", "MS", "Wait for more events (5000)"},
    StreamFlag{"batch-count", "batch_count", "N", "Events in a batch (10000)"},
    StreamFlag{"batch-size", "batch_size", "BYTES", "Bytes in a batch (1048576)"},
    StreamFlag{"retention", "retention_in_days", "DAYS", "Of a group that is made here"},
};

const char *flag_of(std::string_view key) {
    const auto *const flag = std::ranges::find(stream_flags, key, &StreamFlag::key);
    return flag == stream_flags.end() ? "tag" : flag->flag;
}

/// What has to be looked at after parsing.
struct Raw {
    std::array<std::optional<std::string>, stream_flags.size()> stream;
    std::vector<std::string> tags;
    std::optional<std::string> to, spool_size, when_full, logging_config;
    bool no_gzip = false;
};

void declare(CommandLine &line, ShipOptions &options, Raw &raw) {
    line.group("What to do");
    line.text("config-file", 'c', options.config_file, "FILE",
              "awslogs.conf(5); else the first of its usual places");
    line.text("additional-configs-dir", 0, options.additional_configs, "DIR",
              "Further files (config/ beside FILE)");
    line.flag("once", 0, options.once, "Ship what is there, and end");
    line.flag("status", 0, options.status, "Say how far each file is, and end");
    line.flag("json", 0, options.json, "--status as JSON lines");
    line.flag("check-config", 0, options.check_config, "Show the configuration in effect");
    line.text("sample", 0, options.sample, "LINE",
              "--check-config: show the time and the event of a line");
    line.flag("dry-run", 0, options.dry_run, "Print what would be sent; remember nothing");
    line.flag("help", 'h', options.help, "Show this help");
    line.flag("version", 'V', options.version, "Show the version");
    line.flag("verbose", 'v', options.verbose, "Say more");
    line.flag("quiet", 'q', options.quiet, "Errors only");
    line.flag("debug", 0, options.debug, "Say everything");

    line.group("A stream without a configuration file (from FILE..., or standard input)");
    for (std::size_t i = 0; i < stream_flags.size(); ++i)
        line.text(stream_flags[i].flag, 0, raw.stream[i], stream_flags[i].value,
                  stream_flags[i].help);
    line.texts("tag", 0, raw.tags, "NAME=VALUE", "Of a group that is made here");
    line.flag("journal", 0, options.journal, "From systemd's journal");
    line.texts("unit", 0, options.units, "UNIT", "Of the journal: this unit");
    line.texts("identifier", 0, options.identifiers, "NAME", "Of the journal: this identifier");
    line.text("journal-directory", 0, options.journal_directory, "DIR", "Another journal");

    line.group("Where to, and what is kept");
    line.text("to", 0, raw.to, "SINK",
              "cloudwatch, stdout, otlp=URL, syslog=HOST[:PORT] (cloudwatch)");
    line.text("state-dir", 0, options.state_directory, "DIR", "What is remembered");
    line.text("spool", 0, options.spool_directory, "DIR", "Keep a pipe's or journal's events here");
    line.text("spool-size", 0, raw.spool_size, "SIZE", "Of the spool at most (1G)");
    line.text("when-full", 0, raw.when_full, "WHAT", "The spool is: wait or drop-oldest (wait)");
    line.number("timeout", 0, options.timeout, 1, most_seconds, "SECONDS",
                "--once and pipes: give up after so long without success (300)");
    line.flag("no-gzip-http-content-encoding", 0, raw.no_gzip, "Send batches uncompressed");
    line.text("logging-config-file", 0, raw.logging_config, "FILE", nullptr);
    add_aws_options(line, options.aws);
}

Result<void> take_stream(ShipOptions &options, const Raw &raw) {
    for (std::size_t i = 0; i < stream_flags.size(); ++i) {
        if (!raw.stream[i])
            continue;
        auto &value = options.stream[stream_flags[i].key];
        if (!value.empty() && value != *raw.stream[i])
            return fail(std::string("--") + stream_flags[i].flag, "is given twice, differently");
        value = *raw.stream[i];
    }
    std::string tags;
    for (const auto &tag : raw.tags)
        tags += (tags.empty() ? "" : ", ") + tag;
    if (!tags.empty())
        options.stream["tags"] = tags;
    options.journal = options.journal || !options.units.empty() || !options.identifiers.empty() ||
                      options.journal_directory;
    if (options.journal && !options.files.empty())
        return fail("--journal", "cannot be combined with files");
    if (options.files.size() > 1 && std::ranges::count(options.files, "-") > 0)
        return fail("-", "standard input cannot be combined with files");
    if (options.has_stream() && options.config_file)
        return fail("--config-file", "cannot be combined with a stream on the command line");
    if (options.has_stream() && !options.stream.contains("log_group_name") && !options.status)
        return fail("--group", "is needed for a stream on the command line");
    return {};
}

/// What would be ignored is refused.
Result<void> check_combinations(const ShipOptions &options) {
    const auto given = [&options](const char *key) { return options.stream.contains(key); };
    if (options.reads_stdin())
        for (const auto *key : {"follow", "file_fingerprint_lines", "initial_position"})
            if (given(key))
                return fail(std::string("--") + flag_of(key), "means nothing for standard input");
    if (options.journal)
        for (const auto &known : stream_keys())
            if (known.files_only && given(known.name) && std::string_view(known.name) != "file")
                return fail(std::string("--") + flag_of(known.name),
                            "means nothing for the journal");
    if (options.sink != SinkKind::cloudwatch)
        for (const auto *key : {"retention_in_days", "tags"})
            if (given(key))
                return fail(std::string("--") + flag_of(key), "goes with --to cloudwatch");
    if (options.spool_directory && options.has_stream() && !options.journal &&
        !options.reads_stdin())
        return fail("--spool", "files are their own buffer: it is for pipes and the journal");
    return {};
}

Result<void> take_sink(ShipOptions &options, const Raw &raw) {
    if (options.dry_run) {
        if (raw.to && *raw.to != "stdout")
            return fail("--dry-run", "cannot be combined with --to");
        options.sink = SinkKind::standard_output;
        return {};
    }
    const auto to = raw.to.value_or("cloudwatch");
    const auto equals = to.find('=');
    const auto name = to.substr(0, equals);
    options.target = equals == std::string::npos ? "" : to.substr(equals + 1);
    for (const auto kind :
         {SinkKind::cloudwatch, SinkKind::standard_output, SinkKind::otlp, SinkKind::syslog}) {
        if (name != sink_name(kind))
            continue;
        options.sink = kind;
        const bool needs = kind == SinkKind::otlp || kind == SinkKind::syslog;
        if (needs && options.target.empty())
            return fail("--to=" + name, "needs a target: --to " + name +
                                            (kind == SinkKind::otlp ? "=URL" : "=HOST[:PORT]"));
        if (!needs && equals != std::string::npos)
            return fail("--to=" + name, "takes no target");
        if (const auto url = kind == SinkKind::otlp ? split_url(options.target) : UrlParts{}; !url)
            return fail("--to=" + name, printable_url(options.target) + " " + url.error().why);
        return {};
    }
    return fail("--to=" + escape_path(to), "cloudwatch, stdout, otlp=URL or syslog=HOST[:PORT]");
}

Result<void> take_spool(ShipOptions &options, const Raw &raw) {
    if (raw.spool_size) {
        const auto size = parse_size(*raw.spool_size);
        if (!size || *size < least_spool)
            return fail("--spool-size=" + escape_path(*raw.spool_size),
                        "a size of at least 1M, such as 500M or 2G");
        options.spool_size = *size;
    }
    if (raw.when_full) {
        if (*raw.when_full != "wait" && *raw.when_full != "drop-oldest")
            return fail("--when-full=" + escape_path(*raw.when_full), "wait or drop-oldest");
        options.when_full = *raw.when_full == "wait" ? WhenFull::wait : WhenFull::drop_oldest;
    }
    if ((raw.spool_size || raw.when_full) && !options.spool_directory)
        return fail(raw.spool_size ? "--spool-size" : "--when-full", "needs --spool DIR");
    return {};
}

} // namespace

const char *sink_name(SinkKind kind) {
    switch (kind) {
    case SinkKind::standard_output:
        return "stdout";
    case SinkKind::otlp:
        return "otlp";
    case SinkKind::syslog:
        return "syslog";
    default:
        return "cloudwatch";
    }
}

bool ShipOptions::reads_stdin() const {
    return has_stream() && !journal && (files.empty() || files.front() == "-");
}

Result<void> parse_ship_options(int argc, char **argv, ShipOptions &options,
                                std::vector<std::string> &warnings, std::string &help) {
    CommandLine line;
    Raw raw;
    declare(line, options, raw);
    auto files = line.parse(argc, argv);
    help = line.help();
    if (!files)
        return std::unexpected(files.error());
    if (options.help || options.version)
        return {};
    options.files = std::move(*files);
    options.gzip = !raw.no_gzip;
    if (raw.logging_config)
        warnings.emplace_back(
            "--logging-config-file is Python's and has no effect here: see -v, -q");
    if (options.sample && !options.check_config)
        return fail("--sample", "goes with --check-config");
    if (options.json && !options.status)
        return fail("--json", "goes with --status");
    if (auto done = take_stream(options, raw); !done)
        return done;
    if (auto done = take_sink(options, raw); !done)
        return done;
    if (auto done = take_spool(options, raw); !done)
        return done;
    if (auto done = check_aws_options(options.aws, logs_service); !done)
        return done;
    return check_combinations(options);
}

} // namespace hostav
