// SPDX-License-Identifier: GPL-2.0-only
#include "metric/ensure.h"

#include "aws/endpoint.h"
#include "base/text.h"
#include "metric/alarm_settings.h"
#include "metric/filter_settings.h"
#include "metric/provision_names.h"

#include <algorithm>

namespace hostav {

namespace {

std::string retention_text(std::uint64_t days) {
    return days == 0 ? "kept for ever" : "kept for " + std::to_string(days) + " days";
}

} // namespace

std::string thing(const char *kind, const std::string &name) {
    return std::string(kind) + " " + escape_path(name);
}

std::string planned_topic_arn(const Provisioning &with, const std::string &name) {
    const auto &region = with.services.region();
    return "arn:" + partition_name(region) + ":sns:" + region + ":ACCOUNT:" + name;
}

std::unexpected<Error> failed(const Provisioning &with, const std::string &what,
                              const AwsFailure &failure) {
    auto why = failure.why;
    if (failure.kind == AwsErrorKind::denied)
        why += "; `metric-push " + with.command + " --iam-policy` prints what is needed";
    return fail(what, why);
}

Result<void> ensure_log_group(const Provisioning &with, const LogGroupWish &wish) {
    auto &report = with.report;
    const auto what = thing("log group", wish.name);
    const auto found = find_log_group(with.services, wish.name);
    if (!found)
        return failed(with, what, found.error());
    const auto &group = *found;
    if (group && group->group_class == "INFREQUENT_ACCESS")
        return fail(what, "is of class INFREQUENT_ACCESS, which has no metric filters");
    const auto days = wish.asked_days.value_or(group ? group->retention_days : wish.retention_days);
    if (group && days == group->retention_days) {
        report.exists(what, retention_text(days));
        return {};
    }
    if (!report.plan()) {
        if (!group)
            if (const auto made = create_log_group(with.services, wish.name, wish.tags); !made)
                return failed(with, what, made.error());
        if (group || days > 0)
            if (const auto set = set_retention(with.services, wish.name, days); !set) {
                auto failure = set.error();
                if (!group) { // it is there now, and the next run leaves it alone unless asked
                    report.made(what, retention_text(0));
                    failure.why += "; afterwards --retention=" + std::to_string(days) + " sets it";
                }
                return failed(with, what, failure);
            }
    }
    if (group)
        report.changed(what, retention_text(group->retention_days) + " -> " + retention_text(days));
    else
        report.made(what, retention_text(days));
    return {};
}

Result<void> ensure_filter(const Provisioning &with, const MetricFilter &filter,
                           bool group_is_planned) {
    auto &report = with.report;
    const auto what = thing("filter", filter.name);
    // All of the group, not only those of that name: two that feed one metric double its sum.
    auto others = list_metric_filters(with.services, filter.group, "");
    if (!others && others.error().kind == AwsErrorKind::not_found && group_is_planned)
        others = std::vector<MetricFilter>{};
    if (!others)
        return failed(with, what, others.error());
    std::optional<Changes> changes;
    for (const auto &one : *others)
        if (one.name == filter.name)
            changes = filter_changes(one, filter);
        else if (one.metric == filter.metric && one.name_space == filter.name_space)
            report.advise(thing("filter", one.name) + " of the same log group feeds " +
                          escape_path(filter.name_space + " " + filter.metric) +
                          ", too: its sum counts lines twice");
    const auto text = filter_metric_text(filter) + " for " + escape_path(filter.pattern);
    if (changes && changes->none()) {
        report.exists(what, text);
        return {};
    }
    if (!report.plan())
        if (const auto put = put_metric_filter(with.services, filter); !put) {
            auto failure = put.error();
            if (failure.why.find("LimitExceeded") != std::string::npos)
                failure.why += " (a log group has at most 100 filters, 5 of them with a regular "
                               "expression)";
            return failed(with, what, failure);
        }
    if (changes)
        report.changed(what, changes->text());
    else
        report.made(what, text);
    return {};
}

namespace {

Result<void> ensure_attributes(const Provisioning &with, const std::string &what,
                               const std::string &arn, const TopicAttributes &wanted) {
    if (wanted.empty())
        return with.report.exists(what), Result<void>{};
    const auto found = topic_attributes(with.services, arn);
    if (!found)
        return failed(with, what, found.error());
    Changes changes;
    for (const auto &[name, value] : wanted) {
        const auto old = found->find(name);
        const auto from = old == found->end() ? std::string() : old->second;
        if (from == value)
            continue;
        if (!with.report.plan())
            if (const auto set = set_topic_attribute(with.services, arn, name, value); !set)
                return failed(with, what, set.error());
        changes.compare(name, from, value);
    }
    if (changes.none())
        with.report.exists(what);
    else
        with.report.changed(what, changes.text());
    return {};
}

} // namespace

Result<std::string> ensure_topic(const Provisioning &with, const TopicWish &wish) {
    const bool by_arn = wish.topic.starts_with("arn:");
    const auto what = thing("topic", wish.topic);
    std::optional<std::string> arn;
    if (by_arn) {
        if (const auto there = topic_attributes(with.services, wish.topic); !there)
            return failed(with, what, there.error());
        arn = wish.topic;
    } else {
        const auto found = find_topic(with.services, wish.topic);
        if (!found)
            return failed(with, what, found.error());
        arn = *found;
    }
    if (arn) {
        if (auto done = ensure_attributes(with, what, *arn, wish.attributes); !done)
            return std::unexpected(done.error());
    } else {
        if (with.report.plan()) {
            arn = planned_topic_arn(with, wish.topic);
        } else {
            const auto made = create_topic(with.services, wish.topic, wish.attributes, wish.tags);
            if (!made)
                return failed(with, what, made.error());
            arn = *made;
        }
        with.report.made(what);
        if (with.report.plan()) {
            for (const auto &one : wish.subscriptions)
                with.report.made(subscription_text(one));
            return *arn;
        }
    }
    if (auto done = ensure_subscriptions(with, *arn, wish.subscriptions); !done)
        return std::unexpected(done.error());
    return *arn;
}

Result<void> ensure_subscriptions(const Provisioning &with, const std::string &topic,
                                  const std::vector<Subscription> &wanted) {
    constexpr const char *waiting = "waits for confirmation";
    const auto found = list_subscriptions(with.services, topic);
    if (!found)
        return failed(with, thing("topic", topic_name(topic)), found.error());
    for (auto one : wanted) {
        one.topic = topic;
        const auto what = subscription_text(one);
        const auto old = std::ranges::find_if(*found, [&one](const Subscription &other) {
            return other.protocol == one.protocol && other.endpoint == one.endpoint;
        });
        if (old != found->end()) {
            with.report.exists(what, old->pending ? waiting : "");
            continue;
        }
        bool pending = one.protocol == "email";
        if (!with.report.plan()) {
            const auto made = subscribe(with.services, one);
            if (!made)
                return failed(with, what, made.error());
            pending = *made;
        }
        with.report.made(what, pending ? waiting : "");
    }
    if (found->empty() && wanted.empty())
        with.report.advise(thing("topic", topic_name(topic)) +
                           " has no subscription: nobody hears of it (--email)");
    return {};
}

Result<std::optional<Alarm>> look_for_alarm(const Provisioning &with, const std::string &name) {
    auto found = list_alarms(with.services, {{name}, "", ""});
    if (!found)
        return failed(with, thing("alarm", name), found.error());
    for (auto &alarm : *found)
        if (alarm.name == name)
            return std::optional<Alarm>(std::move(alarm));
    return std::nullopt;
}

Result<void> ensure_alarm(const Provisioning &with, const std::optional<Alarm> &old,
                          const Alarm &wanted, const AwsTags &tags) {
    auto &report = with.report;
    const auto what = thing("alarm", wanted.name);
    if (old && old->composite() != wanted.composite())
        return fail(what, old->composite() ? "is there as a composite one: delete it first"
                                           : "is there as one of a metric: delete it first");
    if (wanted.alarm_actions.empty())
        report.advise(what + " has no alarm action: nobody hears of it");
    const auto changes = old ? alarm_changes(*old, wanted) : Changes();
    if (old && changes.none()) {
        report.exists(what, escape_path(alarm_condition_text(wanted)));
        return {};
    }
    // Those of one that is there stay: a put would pass them over.
    if (!report.plan())
        if (const auto put = put_alarm(with.services, wanted, old ? AwsTags{} : tags); !put)
            return failed(with, what, put.error());
    if (old)
        report.changed(what, changes.text());
    else
        report.made(what, escape_path(alarm_condition_text(wanted)));
    return {};
}

} // namespace hostav
