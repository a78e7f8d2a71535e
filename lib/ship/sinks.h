// SPDX-License-Identifier: GPL-2.0-only
//
// The sink that --to names, with everything it needs; and the names that placeholders stand for.
#pragma once

#include "aws/credentials.h"
#include "aws/log_groups.h"
#include "aws/metadata.h"
#include "aws/placeholders.h"
#include "aws/profile.h"
#include "aws/service.h"
#include "base/signals.h"
#include "net/http_client.h"
#include "base/complaints.h"
#include "ship/config.h"
#include "ship/options.h"
#include "ship/sink.h"

#include <map>
#include <memory>
#include <optional>

namespace hostav {

class Sinks {
  public:
    struct Parts {
        const ShipOptions &options;
        const ShipConfig &config;
        Variables variables;
        Complaints &complaints;
        Signals &signals;
    };
    /// Where a region is needed and none is known, a resident waits for one (instance metadata may
    /// come late at boot), until a signal comes: then null.
    static Result<std::unique_ptr<Sinks>> create(const Parts &parts);
    ~Sinks();
    Sinks(const Sinks &) = delete;
    Sinks &operator=(const Sinks &) = delete;
    Sinks(Sinks &&) = delete;
    Sinks &operator=(Sinks &&) = delete;

    [[nodiscard]] Sink &sink() { return *sink_; }
    [[nodiscard]] HttpClient &http() { return http_; }
    /// Group and stream with their placeholders replaced, checked; kept, so that the sink knows how
    /// the group is made.
    Result<Destination> destination(const StreamConfig &stream);

  private:
    explicit Sinks(const Parts &parts);
    Parts parts_;
    AwsEnvironment environment_;
    HttpClient http_;
    Metadata metadata_;
    std::optional<Credentials> credentials_;
    std::optional<AwsServiceClient> logs_;
    std::unique_ptr<Sink> sink_;
    std::map<Destination, LogGroupOptions> groups_;
    HostPlaceholders placeholders_;

    Result<bool> make_sink();
    Result<bool> make_cloudwatch();
    Result<std::string> find_region_or_wait(const AwsProfiles &profiles);
};

} // namespace hostav
