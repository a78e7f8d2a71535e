// SPDX-License-Identifier: GPL-2.0-only
#include "ship/session.h"

#include "base/files.h"
#include "base/text.h"
#include "ship/config_keys.h"
#include "ship/feeders.h"
#include "ship/sinks.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

namespace hostav {

namespace {

/// Where the old agent and we look for a configuration.
constexpr std::array usual_places{"/etc/hostav/awslogs.conf", "/etc/awslogs/awslogs.conf",
                                  "/var/awslogs/etc/awslogs.conf"};

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

Result<std::string> absolute(const std::string &path) {
    if (path.starts_with('/'))
        return path;
    std::unique_ptr<char, void (*)(void *)> here(::getcwd(nullptr, 0), std::free);
    if (!here)
        return fail_errno(escape_path(path));
    return std::string(here.get()) + "/" + path;
}

Result<Fd> make_directory(const std::string &path) {
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return fail_errno("state directory " + escape_path(path));
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fail_errno("state directory " + escape_path(path));
    return fd;
}

} // namespace

Result<ShipConfig> ship_config(const ShipOptions &options, std::vector<std::string> &warnings) {
    if (!options.has_stream()) {
        if (options.config_file)
            return read_ship_config(*options.config_file, options.additional_configs, warnings);
        for (const auto *place : usual_places)
            if (::access(place, F_OK) == 0)
                return read_ship_config(place, options.additional_configs, warnings);
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
        auto path = absolute(file);
        if (!path)
            return std::unexpected(path.error());
        stream->file = *path;
        stream->name = file;
        config.streams.push_back(*stream);
    }
    return config;
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
    const auto state = DurableMap::open(directory, DurableMap::Access::read);
    if (!state)
        return std::unexpected(state.error());
    return read_status(*state, record_prefix(options), options.json);
}

Result<SessionResult> run_session(const SessionParts &parts) {
    const auto &options = parts.options;
    Complaints complaints(parts.messages);
    std::optional<DurableMap> state;
    Fd directory;
    if (!parts.state_directory.empty()) {
        auto made = make_directory(parts.state_directory);
        if (!made)
            return std::unexpected(made.error());
        directory = std::move(*made);
        auto opened = DurableMap::open(parts.state_directory, DurableMap::Access::write);
        if (!opened)
            return std::unexpected(opened.error());
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
    auto feeders = Feeders::create({options, parts.config, state ? &*state : nullptr, prefix,
                                    complaints, **sinks});
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
    return SessionResult{*ended, shipper.delivered(), shipper.rejected(), shipper.last_failure()};
}

} // namespace hostav
