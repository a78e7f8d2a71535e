// SPDX-License-Identifier: GPL-2.0-only
//
// Subscriptions whose endpoint's owner must confirm them before anything is delivered: AWS sends a
// mail with a link that is good for two days.
#pragma once

#include "base/error.h"
#include "conf/command_line.h"
#include "metric/ensure.h"
#include "metric/provision_command.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// --email, --subscribe, --wait.
struct SubscriptionOptions {
    std::vector<std::string> emails, others;
    std::optional<std::string> wait;

    // After take_subscriptions().
    std::vector<Subscription> wanted;
    std::uint64_t wait_seconds = 0; ///< 0: not at all
};
void declare_subscriptions(CommandLine &line, SubscriptionOptions &options);
[[nodiscard]] Result<void> take_subscriptions(SubscriptionOptions &options, bool plan);

/// Says which of those wanted are not confirmed yet, and waits for them as long as is asked for;
/// `outstanding` where the time is not enough.
[[nodiscard]] Result<ProvisionOutcome> await_confirmation(const Provisioning &with,
                                                          const std::string &topic,
                                                          const SubscriptionOptions &options);

} // namespace hostav
