// SPDX-License-Identifier: GPL-2.0-only
#include "metric/topic_commands.h"

#include "base/text.h"
#include "metric/confirmation.h"
#include "metric/provision_names.h"

#include <algorithm>
#include <map>
#include <optional>

namespace hostav {

namespace {

/// Of a topic to be deleted, by name or ARN; where it is not there, that is reported.
Result<std::optional<std::string>> find_arn(const Provisioning &with, const std::string &topic) {
    const auto topics = list_topics(with.services);
    const auto what = thing("topic", topic);
    if (!topics)
        return failed(with, what, topics.error());
    for (const auto &arn : *topics)
        if (arn == topic || topic_name(arn) == topic)
            return arn;
    with.report.absent(what);
    return std::nullopt;
}

/// An alarm other than `but` that has the topic as an action; empty where there is none.
Result<std::string> alarm_with(const Provisioning &with, const std::string &arn,
                               const std::string &but) {
    const auto alarms = list_alarms(with.services, {{}, "", arn});
    if (!alarms)
        return failed(with, thing("topic", topic_name(arn)), alarms.error());
    for (const auto &alarm : *alarms)
        for (const auto *actions :
             {&alarm.alarm_actions, &alarm.ok_actions, &alarm.insufficient_data_actions})
            if (alarm.name != but && std::ranges::find(*actions, arn) != actions->end())
                return alarm.name;
    return "";
}

class TopicPut : public ProvisionCommand {
  public:
    TopicPut() : ProvisionCommand("topic put") {}
    [[nodiscard]] std::string usage() const override { return "TOPIC"; }
    [[nodiscard]] std::string about() const override {
        return "Makes an SNS topic and subscribes to it who is not yet. TOPIC is a name, or the "
               "ARN\n"
               "of one that is there.\n";
    }
    void declare(CommandLine &line) override {
        declare_subscriptions(line, subscriptions_);
        line.text("display-name", 0, display_name_, "TEXT", "Whom mails are from");
        line.text("kms-key", 0, kms_key_, "KEY", "Encrypt messages with this key of KMS");
        line.texts("tag", 0, tags_, "NAME=VALUE", "Of a topic that is made (repeatable)");
    }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        if (auto good = take_name(names, "TOPIC", check_topic, wish_.topic); !good)
            return good;
        if (auto good = take_subscriptions(subscriptions_, common().plan); !good)
            return good;
        wish_.subscriptions = subscriptions_.wanted;
        auto tags = parse_tags(tags_);
        if (!tags)
            return std::unexpected(tags.error());
        wish_.tags = std::move(*tags);
        constexpr std::size_t longest_display_name = 100;
        if (display_name_ && (display_name_->size() > longest_display_name ||
                              escape_path(*display_name_) != *display_name_))
            return fail("--display-name=" + escape_path(*display_name_),
                        "100 printable characters at most");
        if (display_name_)
            wish_.attributes["DisplayName"] = *display_name_;
        if (kms_key_)
            wish_.attributes["KmsMasterKeyId"] = *kms_key_;
        return {};
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        return topic_policy(place, wish_, common().plan);
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        const auto arn = ensure_topic(with, wish_);
        if (!arn)
            return std::unexpected(arn.error());
        return await_confirmation(with, *arn, subscriptions_);
    }

  private:
    SubscriptionOptions subscriptions_;
    std::optional<std::string> display_name_, kms_key_;
    std::vector<std::string> tags_;
    TopicWish wish_;
};

class TopicList : public ProvisionCommand {
  public:
    TopicList() : ProvisionCommand("topic list") {}
    [[nodiscard]] std::string usage() const override { return "[TOPIC]"; }
    [[nodiscard]] std::string about() const override {
        return "Prints topics, one a line: name, subscriptions, those that wait for confirmation,\n"
               "ARN. Of one TOPIC its subscriptions: protocol, endpoint, state, ARN.\n";
    }
    void declare(CommandLine & /*line*/) override {}
    [[nodiscard]] Kind kind() const override { return Kind::lists; }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        return take_name(names, nullptr, check_topic, topic_);
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        if (topic_.empty())
            return {{{"sns:ListTopics", "sns:ListSubscriptions"}, {"*"}, {}}};
        Policy policy{{{"sns:ListSubscriptionsByTopic"}, {topic_policy_arn(place, topic_)}, {}}};
        if (!topic_.starts_with("arn:"))
            policy.push_back({{"sns:ListTopics"}, {"*"}, {}});
        return policy;
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        return topic_.empty() ? list_all(with) : list_one(with);
    }

  private:
    std::string topic_;

    Result<ProvisionOutcome> list_all(const Provisioning &with) const {
        const auto topics = list_topics(with.services);
        if (!topics)
            return failed(with, "topics", topics.error());
        const auto subscriptions = list_subscriptions(with.services, "");
        if (!subscriptions)
            return failed(with, "subscriptions", subscriptions.error());
        struct Counts {
            std::size_t all = 0, pending = 0;
        };
        std::map<std::string, Counts> counts;
        for (const auto &one : *subscriptions) {
            ++counts[one.topic].all;
            counts[one.topic].pending += one.pending ? 1 : 0;
        }
        const Table table({"topic", "subscriptions", "pending", "arn"}, common().json);
        for (const auto &arn : *topics)
            with.report.row(table.row({topic_name(arn), std::to_string(counts[arn].all),
                                       std::to_string(counts[arn].pending), arn}));
        return ProvisionOutcome::done;
    }

    Result<ProvisionOutcome> list_one(const Provisioning &with) const {
        const auto what = thing("topic", topic_);
        auto arn = topic_;
        if (!topic_.starts_with("arn:")) {
            const auto found = find_topic(with.services, topic_);
            if (!found)
                return failed(with, what, found.error());
            if (!*found)
                return fail(what, "is not there");
            arn = **found;
        }
        const auto subscriptions = list_subscriptions(with.services, arn);
        if (!subscriptions)
            return failed(with, what, subscriptions.error());
        const Table table({"protocol", "endpoint", "state", "arn"}, common().json);
        for (const auto &one : *subscriptions)
            with.report.row(table.row(
                {one.protocol, one.endpoint, one.pending ? "pending" : "confirmed", one.arn}));
        return ProvisionOutcome::done;
    }
};

class TopicDelete : public ProvisionCommand {
  public:
    TopicDelete() : ProvisionCommand("topic delete") {}
    [[nodiscard]] std::string usage() const override { return "TOPIC"; }
    [[nodiscard]] std::string about() const override {
        return "Deletes a topic with its subscriptions, unless an alarm uses it; or of the\n"
               "subscriptions those that are named.\n";
    }
    void declare(CommandLine &line) override {
        line.texts("email", 0, emails_, "ADDRESS", "Only end this subscription (repeatable)");
        line.texts("subscribe", 0, others_, "PROTOCOL=ENDPOINT", "Likewise (repeatable)");
        line.flag("force", 0, force_, "Though alarms use it");
    }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        if (auto good = take_name(names, "TOPIC", check_topic, topic_); !good)
            return good;
        auto wanted = parse_subscriptions(emails_, others_);
        if (!wanted)
            return std::unexpected(wanted.error());
        wanted_ = std::move(*wanted);
        if (force_ && !wanted_.empty())
            return fail("--force", "cannot be combined with --email and --subscribe");
        return {};
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        const std::vector<std::string> arns{topic_policy_arn(place, topic_)};
        Policy policy{{{"sns:ListTopics"}, {"*"}, {}}};
        if (!wanted_.empty()) {
            policy.push_back({{"sns:ListSubscriptionsByTopic"}, arns, {}});
            if (!common().plan) // of a subscription there is no ARN to allow
                policy.front().actions.emplace_back("sns:Unsubscribe");
            return policy;
        }
        if (!force_)
            policy.front().actions.emplace_back("cloudwatch:DescribeAlarms");
        if (!common().plan)
            policy.push_back({{"sns:DeleteTopic"}, arns, {}});
        return policy;
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        return finished(wanted_.empty() ? remove_topic(with, topic_, "", force_)
                                        : end_subscriptions(with));
    }

  private:
    std::string topic_;
    std::vector<std::string> emails_, others_;
    std::vector<Subscription> wanted_;
    bool force_ = false;

    [[nodiscard]] Result<void> end_subscriptions(const Provisioning &with) const {
        const auto arn = find_arn(with, topic_);
        if (!arn)
            return std::unexpected(arn.error());
        if (!*arn)
            return {};
        const auto found = list_subscriptions(with.services, **arn);
        if (!found)
            return failed(with, thing("topic", topic_), found.error());
        for (const auto &one : wanted_) {
            const auto what = subscription_text(one);
            const auto old = std::ranges::find_if(*found, [&one](const Subscription &other) {
                return other.protocol == one.protocol && other.endpoint == one.endpoint;
            });
            if (old == found->end()) {
                with.report.absent(what);
            } else if (old->pending) {
                // It has no ARN to name it by.
                with.report.kept(what, "nobody has confirmed it; AWS forgets it after some days");
            } else {
                if (!with.report.plan())
                    if (const auto done = unsubscribe(with.services, old->arn); !done)
                        return failed(with, what, done.error());
                with.report.deleted(what);
            }
        }
        return {};
    }
};

} // namespace

std::string topic_policy_arn(const PolicyPlace &place, const std::string &topic) {
    return topic.starts_with("arn:") ? policy_literal(topic) : policy_arn(place, "sns", "", topic);
}

Policy topic_policy(const PolicyPlace &place, const TopicWish &wish, bool plan) {
    const bool by_arn = wish.topic.starts_with("arn:");
    PolicyStatement own{
        {"sns:ListSubscriptionsByTopic"}, {topic_policy_arn(place, wish.topic)}, {}};
    const auto allow = [&own](bool needed, const char *action) {
        if (needed)
            own.actions.emplace_back(action);
    };
    allow(by_arn || !wish.attributes.empty(), "sns:GetTopicAttributes");
    allow(!by_arn && !plan, "sns:CreateTopic");
    allow(!by_arn && !plan && !wish.tags.empty(), "sns:TagResource");
    allow(!plan && !wish.attributes.empty(), "sns:SetTopicAttributes");
    allow(!plan && !wish.subscriptions.empty(), "sns:Subscribe");
    Policy policy{own};
    if (!by_arn)
        policy.push_back({{"sns:ListTopics"}, {"*"}, {}});
    return policy;
}

Result<void> remove_topic(const Provisioning &with, const std::string &name, const std::string &but,
                          bool force) {
    const auto what = thing("topic", name);
    const auto found = find_arn(with, name);
    if (!found)
        return std::unexpected(found.error());
    if (!*found)
        return {};
    const auto &arn = **found;
    if (!force) {
        const auto user = alarm_with(with, arn, but);
        if (!user)
            return std::unexpected(user.error());
        if (!user->empty()) {
            with.report.kept(what, thing("alarm", *user) + " uses it");
            return {};
        }
    }
    if (!with.report.plan())
        if (const auto done = delete_topic(with.services, arn); !done)
            return failed(with, what, done.error());
    with.report.deleted(what, "with its subscriptions");
    return {};
}

std::unique_ptr<ProvisionCommand> make_topic_command(const std::string &verb) {
    if (verb == "put")
        return std::make_unique<TopicPut>();
    if (verb == "list")
        return std::make_unique<TopicList>();
    if (verb == "delete")
        return std::make_unique<TopicDelete>();
    return nullptr;
}

} // namespace hostav
