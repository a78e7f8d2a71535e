// SPDX-License-Identifier: GPL-2.0-only
//
// `topic put`, `topic list`, `topic delete`.
#pragma once

#include "metric/provision_command.h"

#include <memory>
#include <string>

namespace hostav {

/// Null for a word that is none of them.
[[nodiscard]] std::unique_ptr<ProvisionCommand> make_topic_command(const std::string &verb);

/// Deletes a topic, by name or ARN, with its subscriptions where it is there, unless an alarm other
/// than `but` uses it and it is not forced: then it is kept.
[[nodiscard]] Result<void> remove_topic(const Provisioning &with, const std::string &name,
                                        const std::string &but, bool force = false);

/// For a policy: of the name or the ARN of a topic.
[[nodiscard]] std::string topic_policy_arn(const PolicyPlace &place, const std::string &topic);
/// What ensure_topic() needs.
[[nodiscard]] Policy topic_policy(const PolicyPlace &place, const TopicWish &wish, bool plan);

} // namespace hostav
