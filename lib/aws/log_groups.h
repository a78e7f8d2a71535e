// SPDX-License-Identifier: GPL-2.0-only
//
// Log groups and streams of CloudWatch Logs: made when they are missing
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html).
// What exists already is a success, whoever made it.
#pragma once

#include "aws/calls.h"
#include "aws/service.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace hostav {

/// How a group is made, where it has to be.
struct LogGroupOptions {
    std::uint64_t retention_days = 0; ///< 0: for ever
    std::map<std::string, std::string> tags;
};

/// Groups that we made and whose retention could not be set yet: the next try begins there.
using UnfinishedGroups = std::set<std::string>;

/// Whether PutRetentionPolicy takes that many days (its documentation lists them).
[[nodiscard]] bool is_retention(std::uint64_t days);
/// Those days, for people.
[[nodiscard]] std::string retention_days_text();

/// Makes the stream; where the group is missing, the group (with retention and tags), then the
/// stream. `done` has the first error that is none of "already exists", with the operation's name
/// in its message. That retention may not be set is no error, but a message without one: lines
/// count more. `unfinished` must outlive the calls.
void ensure_log_stream(AwsServiceClient &logs, const std::string &group, const std::string &stream,
                       const LogGroupOptions &options, UnfinishedGroups &unfinished,
                       AwsServiceClient::Done done);

} // namespace hostav
