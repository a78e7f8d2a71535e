// SPDX-License-Identifier: GPL-2.0-only
//
// Names, addresses and tags that CloudWatch and SNS would refuse, found before anything is called.
// Each error names the thing and the text. Limits are those of the services' API references.
#pragma once

#include "aws/topics.h"
#include "base/error.h"

#include <map>
#include <string>
#include <vector>

namespace hostav {

[[nodiscard]] Result<void> check_log_group_name(const std::string &name);
[[nodiscard]] Result<void> check_filter_name(const std::string &name);
[[nodiscard]] Result<void> check_alarm_name(const std::string &name);
/// `arn:PARTITION:SERVICE:…`, such as SNS's.
[[nodiscard]] bool is_arn(const std::string &text);
/// The name or the ARN of a topic. FIFO topics deliver no mail and are none here.
[[nodiscard]] Result<void> check_topic(const std::string &topic);
/// An alarm's action: a topic's name, or any ARN. `option`: of the error.
[[nodiscard]] Result<void> check_action(const std::string &option, const std::string &action);

/// Of an e-mail address; the topic is left empty.
[[nodiscard]] Result<Subscription> email_subscription(const std::string &address);
/// `PROTOCOL=ENDPOINT` of --subscribe.
[[nodiscard]] Result<Subscription> parse_subscription(const std::string &text);
/// Both options of a command, without repetitions.
[[nodiscard]] Result<std::vector<Subscription>>
parse_subscriptions(const std::vector<std::string> &emails, const std::vector<std::string> &others);
/// `subscription email ops@example.com`, printable; a URL without what may be secret in it.
[[nodiscard]] std::string subscription_text(const Subscription &subscription);

/// `NAME=VALUE` of an option that may be repeated.
[[nodiscard]] Result<std::map<std::string, std::string>>
parse_pairs(const std::string &option, const std::vector<std::string> &texts);
[[nodiscard]] Result<AwsTags> parse_tags(const std::vector<std::string> &texts);

} // namespace hostav
