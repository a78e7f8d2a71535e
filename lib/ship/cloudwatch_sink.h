// SPDX-License-Identifier: GPL-2.0-only
//
// CloudWatch Logs by PutLogEvents. Missing groups and streams are made when the service says that
// they are missing, not before.
#pragma once

#include "aws/log_groups.h"
#include "ship/sink.h"

#include <functional>
#include <map>
#include <string>

namespace hostav {

struct CloudwatchOptions {
    bool gzip = true; ///< bodies of more than 1,024 bytes, as the old agent does
    /// How the group of a destination is made.
    std::function<LogGroupOptions(const Destination &)> group;
};

class CloudwatchSink : public Sink {
  public:
    /// `logs` must outlive it.
    CloudwatchSink(AwsServiceClient &logs, CloudwatchOptions options);
    void deliver(const Parcel &parcel, Done done) override;
    [[nodiscard]] EventTime now() const override;

  private:
    AwsServiceClient &logs_;
    CloudwatchOptions options_;
    UnfinishedGroups unfinished_;
    /// `note`: what went wrong before, for Delivery::note.
    void put(const Parcel &parcel, bool may_create, const std::string &note, Done done);
    void create(const Parcel &parcel, Done done);
};

/// The body of PutLogEvents.
[[nodiscard]] std::string put_log_events_body(const Parcel &parcel);
/// What an answer to it means. Pure.
[[nodiscard]] Delivery read_put_log_events(const AwsReply &reply, std::size_t count);

} // namespace hostav
