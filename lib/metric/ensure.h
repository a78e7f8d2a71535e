// SPDX-License-Identifier: GPL-2.0-only
//
// One thing at a time brought to what it shall be: looked for, made or changed where it is not so,
// reported; or, of a plan, reported only. Twice does it once: what is right already is not touched.
#pragma once

#include "aws/alarms.h"
#include "aws/log_group_settings.h"
#include "aws/metric_filters.h"
#include "aws/services.h"
#include "aws/topics.h"
#include "base/error.h"
#include "metric/report.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct Provisioning {
    AwsServices &services;
    Report &report;
    std::string command; ///< `setup`, `alarm put`: whose --iam-policy an error points to
};

/// what = the thing, printable; why = the failure, and what to do where a permission is missing.
[[nodiscard]] std::unexpected<Error> failed(const Provisioning &with, const std::string &what,
                                            const AwsFailure &failure);

struct LogGroupWish {
    std::string name;
    std::uint64_t retention_days = 0;        ///< of a group that is made; 0: for ever
    std::optional<std::uint64_t> asked_days; ///< of one that is there, too
    AwsTags tags;
};
[[nodiscard]] Result<void> ensure_log_group(const Provisioning &with, const LogGroupWish &wish);
/// `group_is_planned`: the log group need not be there yet.
[[nodiscard]] Result<void> ensure_filter(const Provisioning &with, const MetricFilter &filter,
                                         bool group_is_planned = false);

struct TopicWish {
    std::string topic; ///< name; or ARN of one that must be there
    TopicAttributes attributes;
    AwsTags tags;
    std::vector<Subscription> subscriptions; ///< without their topic
};
/// The topic's ARN; in a plan, of one that is not there, what it will look like.
[[nodiscard]] Result<std::string> ensure_topic(const Provisioning &with, const TopicWish &wish);
[[nodiscard]] Result<void> ensure_subscriptions(const Provisioning &with, const std::string &topic,
                                                const std::vector<Subscription> &wanted);

/// The alarm as it is, if it is; what it shall be is decided by whoever asks.
[[nodiscard]] Result<std::optional<Alarm>> look_for_alarm(const Provisioning &with,
                                                          const std::string &name);
[[nodiscard]] Result<void> ensure_alarm(const Provisioning &with, const std::optional<Alarm> &old,
                                        const Alarm &wanted, const AwsTags &tags);

/// `alarm ClamAV VIRUS FOUND`, printable.
[[nodiscard]] std::string thing(const char *kind, const std::string &name);
/// What an ARN would be of which the account is not known.
[[nodiscard]] std::string planned_topic_arn(const Provisioning &with, const std::string &name);

} // namespace hostav
