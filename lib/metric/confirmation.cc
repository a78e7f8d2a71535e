// SPDX-License-Identifier: GPL-2.0-only
#include "metric/confirmation.h"

#include "base/text.h"
#include "metric/provision_names.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr std::uint64_t longest_wait = 2 * 86400; ///< the link is of no use afterwards
constexpr seconds first_pause{1}, longest_pause{15};

/// Of those wanted; what has vanished from the list was not confirmed either.
Result<std::vector<Subscription>> unconfirmed(const Provisioning &with, const std::string &topic,
                                              const std::vector<Subscription> &wanted) {
    const auto found = list_subscriptions(with.services, topic);
    if (!found)
        return failed(with, thing("topic", topic_name(topic)), found.error());
    std::vector<Subscription> waiting;
    for (const auto &one : wanted)
        if (std::ranges::none_of(*found, [&one](const Subscription &other) {
                return other.protocol == one.protocol && other.endpoint == one.endpoint &&
                       !other.pending;
            }))
            waiting.push_back(one);
    return waiting;
}

} // namespace

void declare_subscriptions(CommandLine &line, SubscriptionOptions &options) {
    line.texts("email", 0, options.emails, "ADDRESS", "Who gets a mail (repeatable)");
    line.texts("subscribe", 0, options.others, "PROTOCOL=ENDPOINT",
               "Another subscription, such as https=URL or sqs=ARN (repeatable)");
    line.optional_text("wait", 0, options.wait, "600", "SECONDS",
                       "Wait until all are confirmed, 600 s or =SECONDS at most");
}

Result<void> take_subscriptions(SubscriptionOptions &options, bool plan) {
    auto wanted = parse_subscriptions(options.emails, options.others);
    if (!wanted)
        return std::unexpected(wanted.error());
    options.wanted = std::move(*wanted);
    if (!options.wait)
        return {};
    const auto number = parse_number(*options.wait);
    if (!number || *number == 0 || *number > longest_wait)
        return fail("--wait=" + escape_path(*options.wait),
                    "not a number from 1 to " + std::to_string(longest_wait));
    if (plan)
        return fail("--wait", "cannot be combined with --plan");
    options.wait_seconds = *number;
    return {};
}

Result<ProvisionOutcome> await_confirmation(const Provisioning &with, const std::string &topic,
                                            const SubscriptionOptions &options) {
    if (options.wanted.empty() || with.report.plan())
        return ProvisionOutcome::done;
    auto waiting = unconfirmed(with, topic, options.wanted);
    if (!waiting)
        return std::unexpected(waiting.error());
    for (const auto &one : *waiting)
        with.report.advise(subscription_text(one) +
                           " must be confirmed by its owner: AWS has sent a link that is good for "
                           "two days; before that nothing is delivered");
    if (options.wait_seconds == 0)
        return ProvisionOutcome::done;
    const auto deadline = Clock::now() + seconds(options.wait_seconds);
    for (auto pause = first_pause; !waiting->empty(); pause = std::min(2 * pause, longest_pause)) {
        const auto now = Clock::now();
        if (now >= deadline) {
            for (const auto &one : *waiting)
                with.report.advise(subscription_text(one) + " is not confirmed after " +
                                   std::to_string(options.wait_seconds) + " seconds");
            return ProvisionOutcome::outstanding;
        }
        std::this_thread::sleep_for(std::min<Clock::duration>(pause, deadline - now));
        waiting = unconfirmed(with, topic, options.wanted);
        if (!waiting)
            return std::unexpected(waiting.error());
    }
    with.report.confirmed(thing("topic", topic_name(topic)));
    return ProvisionOutcome::done;
}

} // namespace hostav
