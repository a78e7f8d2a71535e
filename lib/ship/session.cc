// SPDX-License-Identifier: GPL-2.0-only
#include "ship/session.h"

#include "aws/placeholders.h"
#include "aws/profile.h"
#include "base/text.h"
#include "ship/config_keys.h"
#include "ship/destination.h"
#include "ship/event_format.h"
#include "ship/feeders.h"
#include "ship/sinks.h"
#include "store/state_directory.h"

#include <algorithm>
#include <fcntl.h>

namespace hostav {

namespace {

/// Where the old agent and we look for a configuration.
constexpr std::array usual_places{"/etc/hostav/awslogs.conf", "/etc/awslogs/awslogs.conf",
                                  "/var/awslogs/etc/awslogs.conf"};

/// Of the unit (StateDirectory=logship), and root's.
constexpr const char *service_state_directory = "/var/lib/logship";

std::string record_prefix(const ShipOptions &options) {
    return std::string("in/") + sink_name(options.sink) + "/";
}

Result<StreamConfig> command_line_stream(const ShipOptions &options,
                                         std::vector<std::string> &warnings) {
    StreamConfig stream;
    stream.name = options.reads_stdin() ? "stdin" : options.journal ? "journal" : "files";
    stream.where = "command line";
    for (const auto &[key, value] : options.stream)
        for (const auto &known : stream_keys())
            if (known.name == key)
                if (auto set = known.set(stream, {key, value, "command line", warnings}); !set)
                    return std::unexpected(set.error());
    if (stream.log_stream_name.empty())
        stream.log_stream_name = "{instance_id}";
    stream.journal_units = options.units;
    stream.journal_identifiers = options.identifiers;
    return stream;
}

/// Where nobody has named the directory, that somebody may.
std::unexpected<Error> no_state(Error error, const ShipOptions &options) {
    if (!options.state_directory)
        error.why += " (--state-dir DIR names another directory)";
    return std::unexpected(std::move(error));
}

Result<ShipConfig> file_config(const ShipOptions &options, const std::string &file,
                               std::vector<std::string> &warnings) {
    auto config = read_ship_config(file, options.additional_configs, warnings);
    const bool spools = config && std::ranges::any_of(config->streams, [](const auto &stream) {
                            return stream.file.empty();
                        });
    if (config && options.spool_directory && !spools)
        return fail("--spool", "files are their own buffer: it is for pipes and the journal");
    return config;
}

/// The old agent's second file, beside its first; empty where there is none.
std::string agents_aws_config(const std::string &file) {
    const auto directory = file.substr(0, file.rfind('/') + 1);
    for (const auto *name : {"awscli.conf", "aws.conf"})
        if (!directory.empty() && ::access((directory + name).c_str(), R_OK) == 0)
            return directory + name;
    return "";
}

AwsOptions with_agents_config(AwsOptions aws, const ShipConfig &config,
                              const Variables &variables) {
    if (!aws.config_file && variables("AWS_CONFIG_FILE").empty())
        if (auto beside = agents_aws_config(config.file); !beside.empty())
            aws.config_file = std::move(beside);
    return aws;
}

Result<ShipConfig> given_config(const ShipOptions &options, std::vector<std::string> &warnings) {
    if (!options.has_stream()) {
        if (options.config_file)
            return file_config(options, *options.config_file, warnings);
        for (const auto *place : usual_places)
            if (::access(place, F_OK) == 0)
                return file_config(options, place, warnings);
        return fail("configuration", std::string("there is none: give --group GROUP for standard "
                                                 "input, or --config-file, or make ") +
                                         usual_places[1]);
    }
    ShipConfig config;
    auto stream = command_line_stream(options, warnings);
    if (!stream)
        return std::unexpected(stream.error());
    if (options.reads_stdin() || options.journal) {
        config.streams.push_back(*stream);
        return config;
    }
    for (const auto &file : options.files) {
        auto path = followed_path(file);
        if (!path)
            return std::unexpected(path.error());
        stream->file = *path;
        stream->name = file;
        config.streams.push_back(*stream);
    }
    return config;
}

/// What can be known to be wrong before anything is asked for.
Result<void> check_stream(const StreamConfig &stream) {
    const auto some = [](const std::string &) -> Result<std::string> { return "x"; };
    for (const bool group : {true, false}) {
        const auto what = stream.where + ": " + (group ? "log_group_name" : "log_stream_name");
        const auto name =
            expand_placeholders(group ? stream.log_group_name : stream.log_stream_name, some, what);
        if (!name)
            return std::unexpected(name.error());
        if (auto fits = group ? check_group_name(*name, what) : check_stream_name(*name, what);
            !fits)
            return fits;
    }
    if (const auto format = event_format(stream); !format)
        return std::unexpected(format.error());
    return {};
}

} // namespace

Result<ShipConfig> ship_config(const ShipOptions &options, std::vector<std::string> &warnings) {
    auto config = given_config(options, warnings);
    if (config && config->streams.empty())
        return fail(escape_path(config->file), "has no section with something to ship");
    if (config)
        for (const auto &stream : config->streams)
            if (auto sound = check_stream(stream); !sound)
                return std::unexpected(sound.error());
    return config;
}

Result<void> check_aws_files(const ShipOptions &options, const ShipConfig &config,
                             const Variables &variables) {
    if (options.sink != SinkKind::cloudwatch || (!options.aws.config_file && !options.aws.profile))
        return {};
    const auto environment =
        aws_environment(with_agents_config(options.aws, config, variables), variables);
    return check_profile_options(environment);
}

std::string state_directory(const ShipOptions &options, const ShipConfig &config,
                            const std::string &otherwise) {
    if (options.dry_run)
        return "";
    if (options.state_directory)
        return *options.state_directory;
    if (config.state_file)
        return *config.state_file + ".logship";
    if (options.reads_stdin())
        return options.spool_directory.value_or("");
    return otherwise;
}

Result<StatusReport> ship_status(const ShipOptions &options, const std::string &directory) {
    auto state = DurableMap::open(directory, DurableMap::Access::read);
    // A service's is where systemd says, whatever its configuration says.
    if (!state && !options.state_directory)
        if (auto services = DurableMap::open(service_state_directory, DurableMap::Access::read))
            state = std::move(services);
    if (!state)
        return std::unexpected(state.error());
    return read_status(*state, record_prefix(options), options.json);
}

Result<SessionResult> run_session(const SessionParts &parts) {
    auto options = parts.options;
    options.aws = with_agents_config(options.aws, parts.config, parts.variables);
    Complaints complaints(parts.messages);
    std::optional<DurableMap> state;
    Fd directory;
    if (!parts.state_directory.empty()) {
        auto made = make_state_directory(parts.state_directory);
        if (!made)
            return no_state(made.error(), options);
        directory = std::move(*made);
        auto opened = DurableMap::open(parts.state_directory, DurableMap::Access::write);
        if (!opened)
            return no_state(opened.error(), options);
        state = std::move(*opened);
    }
    auto sinks = Sinks::create({options, parts.config, parts.variables, complaints, parts.signals});
    if (!sinks)
        return std::unexpected(sinks.error());
    if (!*sinks) { // a signal came while it was waited for
        SessionResult stopped;
        stopped.ended = Shipper::Ended::stopped;
        return stopped;
    }
    const auto prefix = record_prefix(options);
    auto feeders = Feeders::create(
        {options, parts.config, state ? &*state : nullptr, prefix, complaints, **sinks});
    if (!feeders)
        return std::unexpected(feeders.error());
    ShipperOptions shipping;
    shipping.once = options.once || options.reads_stdin();
    shipping.give_up = std::chrono::seconds(options.timeout);
    shipping.give_up_denied = std::min(shipping.give_up, shipping.give_up_denied);
    shipping.most_batches = std::max<std::size_t>(1, parts.config.queue_size);
    shipping.record_prefix = prefix;
    Shipper shipper({(*sinks)->sink(), (*sinks)->http(), parts.signals, complaints,
                     state ? &*state : nullptr, RejectFile(directory ? directory.get() : -1),
                     [&feeders](const Input &input) { return (*feeders)->stream_of(input); },
                     (*feeders)->all(), [&feeders] { return (*feeders)->describe(); }},
                    shipping);
    const auto ended = shipper.run();
    if (!ended)
        return std::unexpected(ended.error());
    SessionResult result;
    result.ended = *ended;
    result.delivered = shipper.delivered();
    result.rejected = shipper.rejected();
    result.dropped = options.dry_run ? 0 : shipper.dropped();
    result.lost = options.dry_run ? 0 : shipper.lost();
    result.complained = shipper.complained() || (*feeders)->complained();
    result.incomplete = (*feeders)->incomplete();
    result.unsaved = shipper.unsaved();
    result.last_failure = shipper.last_failure();
    return result;
}

} // namespace hostav
