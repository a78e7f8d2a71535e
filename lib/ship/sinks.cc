// SPDX-License-Identifier: GPL-2.0-only
#include "ship/sinks.h"

#include "base/service_manager.h"
#include "base/text.h"
#include "ship/cloudwatch_sink.h"
#include "ship/destination.h"
#include "ship/otlp_sink.h"
#include "ship/stdout_sink.h"
#include "ship/syslog_sink.h"

#include <arpa/inet.h>
#include <array>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::chrono::seconds ask_region_again{10};
/// Of an endpoint that somebody has given: a stand-in, which wants to see some region signed.
constexpr const char *any_region = "us-east-1";

std::string user_agent() {
    return "hostav-logship/" HOSTAV_VERSION;
}

/// As the old agent's gethostbyname(gethostname()).
Result<std::string> own_address(const std::string &host) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
        return fail("{ip_address}", escape_path(host) + ": " + ::gai_strerror(code));
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> list(found, ::freeaddrinfo);
    sockaddr_in address{};
    std::memcpy(&address, list->ai_addr, sizeof address);
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    return std::string(text.data());
}

} // namespace

std::string own_host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data()
                                                                               : "localhost";
}

Sinks::Sinks(const Parts &parts)
    : parts_(parts), environment_(aws_environment(parts.options.aws, parts.variables)),
      http_(http_options(environment_, user_agent())), metadata_(environment_, http_) {}

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
        auto region = find_region(environment_, profiles, metadata_);
        if (region)
            return region;
        const auto endpoint = find_endpoint(environment_, profiles, logs_service, any_region);
        const auto rule = find_endpoint(
            {{}, [](const char *) { return std::string(); }, "", "", "default", false}, {},
            logs_service, any_region);
        if (endpoint && rule && *endpoint != *rule)
            return any_region;
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

/// AWS_PROFILE that is nowhere, where credentials depend on it. A resident waits for it, as for all
/// credentials; --profile was looked for before.
Result<void> Sinks::check_named_profile(const AwsProfiles &profiles) const {
    const auto &options = parts_.options;
    const auto &variables = environment_.variables;
    if ((!options.once && !options.reads_stdin()) || environment_.profile == "default" ||
        !variables("AWS_ACCESS_KEY_ID").empty() ||
        !variables("AWS_WEB_IDENTITY_TOKEN_FILE").empty())
        return {};
    return check_profile(environment_, profiles, environment_.profile);
}

Result<bool> Sinks::make_cloudwatch() {
    const auto profiles = read_aws_profiles(environment_);
    if (!profiles)
        return std::unexpected(profiles.error());
    if (auto sound = check_named_profile(*profiles); !sound)
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

Result<std::string> Sinks::placeholder(const std::string &name) {
    if (const auto known = names_.find(name); known != names_.end())
        return known->second;
    const auto host = own_host_name();
    std::string value = host;
    if (name == "instance_id" || name == "ip_address") {
        const bool id = name == "instance_id";
        auto told =
            metadata_.get(id ? "/latest/meta-data/instance-id" : "/latest/meta-data/local-ipv4");
        if (!told)
            parts_.complaints.add(Severity::verbose, "placeholder " + name,
                                  "{" + name + "}: using the host's: " + told.error().text());
        if (told)
            value = *told;
        else if (auto address = id ? Result<std::string>(host) : own_address(host); address)
            value = *address;
        else
            return address;
    }
    names_[name] = value;
    return value;
}

Result<Destination> Sinks::destination(const StreamConfig &stream) {
    Destination to;
    const auto ask = [this](const std::string &name) { return placeholder(name); };
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
