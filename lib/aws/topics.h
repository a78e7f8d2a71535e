// SPDX-License-Identifier: GPL-2.0-only
//
// Topics of SNS and who is subscribed to them
// (https://docs.aws.amazon.com/sns/latest/api/API_Operations.html).
#pragma once

#include "aws/log_group_settings.h"
#include "aws/services.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// The last part of a topic's ARN.
[[nodiscard]] std::string topic_name(const std::string &arn);

/// ARNs of all topics in the region.
[[nodiscard]] AwsResult<std::vector<std::string>> list_topics(AwsServices &services);
/// The ARN of the topic of that name; nothing where there is none.
[[nodiscard]] AwsResult<std::optional<std::string>> find_topic(AwsServices &services,
                                                               const std::string &name);
using TopicAttributes = std::map<std::string, std::string>;
/// Its ARN. One of that name with the same attributes and tags is a success.
[[nodiscard]] AwsResult<std::string> create_topic(AwsServices &services, const std::string &name,
                                                  const TopicAttributes &attributes,
                                                  const AwsTags &tags);
[[nodiscard]] AwsResult<TopicAttributes> topic_attributes(AwsServices &services,
                                                          const std::string &arn);
[[nodiscard]] AwsResult<> set_topic_attribute(AwsServices &services, const std::string &arn,
                                              const std::string &name, const std::string &value);
/// With its subscriptions.
[[nodiscard]] AwsResult<> delete_topic(AwsServices &services, const std::string &arn);

struct Subscription {
    std::string topic, protocol, endpoint;
    std::string arn;      ///< empty while it is pending
    bool pending = false; ///< its endpoint's owner has not confirmed it yet
};
/// Of one topic, or of all where `topic` is empty.
[[nodiscard]] AwsResult<std::vector<Subscription>> list_subscriptions(AwsServices &services,
                                                                      const std::string &topic);
/// `arn` of it is not looked at; whether it is pending now.
[[nodiscard]] AwsResult<bool> subscribe(AwsServices &services, const Subscription &subscription);
[[nodiscard]] AwsResult<> unsubscribe(AwsServices &services, const std::string &arn);

/// What answers hold. Pure; of anything else nothing.
[[nodiscard]] std::vector<Subscription> read_subscriptions(std::string_view answer);
[[nodiscard]] TopicAttributes read_topic_attributes(std::string_view answer);

} // namespace hostav
