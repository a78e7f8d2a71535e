// SPDX-License-Identifier: GPL-2.0-only
#include "ship/sinks.h"

#include "base/host_name.h"
#include "base/service_manager.h"
#include "net/otlp.h"
#include "ship/cloudwatch_sink.h"
#include "ship/destination.h"
#include "ship/otlp_sink.h"
#include "ship/stdout_sink.h"
#include "ship/syslog_sink.h"

#include <memory>
#include <poll.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::chrono::seconds ask_region_again{10};

std::string user_agent() {
    return "hostav-logship/" HOSTAV_VERSION;
}

} // namespace

Sinks::Sinks(const Parts &parts)
    : parts_(parts), environment_(aws_environment(parts.options.aws, parts.variables)),
      http_(http_options(environment_, user_agent())), metadata_(environment_, http_),
      placeholders_(metadata_, [this](const std::string &text) {
          parts_.complaints.add(Severity::verbose, "placeholder " + text, text);
      }) {}

Sinks::~Sinks() = default;

Result<std::unique_ptr<Sinks>> Sinks::create(const Parts &parts) {
    std::unique_ptr<Sinks> sinks(new Sinks(parts));
    const auto made = sinks->make_sink();
    if (!made)
        return std::unexpected(made.error());
    if (!*made)
        sinks.reset();
    return sinks;
}

Result<bool> Sinks::make_sink() {
    const auto &options = parts_.options;
    switch (options.sink) {
    case SinkKind::standard_output:
        sink_ = std::make_unique<StdoutSink>(STDOUT_FILENO);
        return true;
    case SinkKind::otlp: {
        auto sink = OtlpSink::create({options.target,
                                      otlp_headers(parts_.variables("OTEL_EXPORTER_OTLP_HEADERS")),
                                      options.gzip, own_host_name(), HOSTAV_VERSION},
                                     http_);
        if (!sink)
            return std::unexpected(sink.error());
        sink_ = std::move(*sink);
        return true;
    }
    case SinkKind::syslog: {
        auto address = parse_syslog_address(options.target);
        if (!address)
            return std::unexpected(address.error());
        address->host_name = own_host_name();
        address->version = HOSTAV_VERSION;
        address->tls = http_options(environment_, user_agent());
        sink_ = std::make_unique<SyslogSink>(std::move(*address));
        return true;
    }
    default:
        return make_cloudwatch();
    }
}

/// Empty: a signal has come.
Result<std::string> Sinks::find_region_or_wait(const AwsProfiles &profiles) {
    const auto &options = parts_.options;
    for (;;) {
        auto region = find_signing_region(environment_, profiles, metadata_, logs_service);
        if (region)
            return region;
        if (options.once || options.reads_stdin())
            return std::unexpected(region.error());
        parts_.complaints.add(Severity::error, "region", region.error().text());
        notify_service_manager("READY=1\nWATCHDOG=1\nSTATUS=no region is known");
        pollfd signal{parts_.signals.fd(), POLLIN, 0};
        using std::chrono::milliseconds;
        ::poll(&signal, 1, static_cast<int>(milliseconds(ask_region_again).count()));
        if (parts_.signals.pending() != 0)
            return std::string();
    }
}

Result<bool> Sinks::make_cloudwatch() {
    const auto profiles = read_aws_profiles(environment_);
    if (!profiles)
        return std::unexpected(profiles.error());
    // A resident waits for it, as for all credentials; --profile was looked for before.
    if (parts_.options.once || parts_.options.reads_stdin())
        if (auto sound = check_variable_profile(environment_, *profiles); !sound)
            return std::unexpected(sound.error());
    const auto region = find_region_or_wait(*profiles);
    if (!region)
        return std::unexpected(region.error());
    if (region->empty())
        return false;
    const auto endpoint = find_endpoint(environment_, *profiles, logs_service, *region);
    if (!endpoint)
        return std::unexpected(endpoint.error());
    credentials_.emplace(environment_, http_, metadata_, *region);
    logs_.emplace(AwsServiceClient::Parts{environment_, http_, *credentials_}, logs_service,
                  *region, *endpoint);
    CloudwatchOptions options;
    options.gzip = parts_.options.gzip && parts_.config.use_gzip_http_content_encoding;
    options.group = [this](const Destination &destination) {
        const auto known = groups_.find(destination);
        return known == groups_.end() ? LogGroupOptions{} : known->second;
    };
    sink_ = std::make_unique<CloudwatchSink>(*logs_, std::move(options));
    return true;
}

Result<Destination> Sinks::destination(const StreamConfig &stream) {
    Destination to;
    const auto ask = [this](const std::string &name) { return placeholders_.value(name); };
    for (const bool group : {true, false}) {
        const auto what = stream.where + ": " + (group ? "log_group_name" : "log_stream_name");
        auto name =
            expand_placeholders(group ? stream.log_group_name : stream.log_stream_name, ask, what);
        if (!name)
            return std::unexpected(name.error());
        auto fits = group ? check_group_name(*name, what) : check_stream_name(*name, what);
        if (!fits)
            return std::unexpected(fits.error());
        (group ? to.group : to.stream) = std::move(*name);
    }
    LogGroupOptions made;
    made.retention_days = stream.retention_in_days.value_or(0);
    made.tags.insert(stream.tags.begin(), stream.tags.end());
    groups_[to] = std::move(made);
    return to;
}

} // namespace hostav
