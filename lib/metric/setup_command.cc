// SPDX-License-Identifier: GPL-2.0-only
#include "metric/setup_command.h"

#include "aws/log_groups.h"
#include "base/text.h"
#include "metric/alarm_commands.h"
#include "metric/alarm_options.h"
#include "metric/alarm_settings.h"
#include "metric/confirmation.h"
#include "metric/counter.h"
#include "metric/filter_commands.h"
#include "metric/filter_options.h"
#include "metric/provision_names.h"
#include "metric/topic_commands.h"

#include <algorithm>
#include <optional>

namespace hostav {

namespace {

/// Lines of detections are kept for a year: what came in how is often asked late.
constexpr std::uint64_t default_retention = 365; // days

class Setup : public ProvisionCommand {
  public:
    Setup() : ProvisionCommand("setup") {}
    [[nodiscard]] std::string usage() const override {
        return "--log-group=NAME|--direct --email=ADDRESS";
    }
    [[nodiscard]] std::string about() const override {
        return "Makes all that leads from a line to a mail: log group, metric filter, topic,\n"
               "subscriptions, alarm. What is there already is not made again; what differs is\n"
               "changed.\n";
    }
    void declare(CommandLine &line) override;
    Result<void> take(const std::vector<std::string> &names, const Variables &variables) override;
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        return delete_ ? deletion_policy(place) : setup_policy(place);
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override;

  private:
    struct Raw {
        std::optional<std::string> group, retention, filter, topic, alarm, threshold;
        std::vector<std::string> tags, dimensions;
        std::optional<std::uint64_t> period;
        bool direct = false;
    } raw_;
    FilterOptions filter_options_;
    SubscriptionOptions subscriptions_;
    bool delete_ = false, delete_group_ = false;

    LogGroupWish group_;
    MetricFilter filter_;
    TopicWish topic_;
    Alarm alarm_;
    AwsTags tags_;

    Result<void> take_group();
    Result<void> take_alarm_options();
    Result<void> take_deletion();
    [[nodiscard]] Policy setup_policy(const PolicyPlace &place) const;
    [[nodiscard]] Policy deletion_policy(const PolicyPlace &place) const;
    Result<void> make(const Provisioning &with, std::string &topic);
    Result<void> make_alarm(const Provisioning &with, const std::string &topic);
    Result<void> remove(const Provisioning &with);
    void advise(const Report &report) const;
};

void Setup::declare(CommandLine &line) {
    line.text("log-group", 0, raw_.group, "NAME", "Where lines are shipped to");
    line.flag("direct", 0, raw_.direct, "No log group and filter: metric-push pushes the metric");
    line.text("retention", 0, raw_.retention, "DAYS|never",
              "How long lines are kept (365, where the group is made)");
    declare_subscriptions(line, subscriptions_);
    line.text("filter", 0, raw_.filter, "NAME", "The metric filter (ClamAV)");
    declare_filter(line, filter_options_, false);
    line.text("topic", 0, raw_.topic, "NAME|ARN", "The topic (clamavfound)");
    line.text("alarm", 0, raw_.alarm, "NAME", "The alarm (ClamAV VIRUS FOUND)");
    line.text("threshold", 0, raw_.threshold, "NUMBER", "On when the sum is above (0)");
    line.number("period", 0, raw_.period, 1, UINT32_MAX, "SECONDS", "The sum of so long (300)");
    line.texts("dimension", 0, raw_.dimensions, "NAME=VALUE",
               "With --direct: the metric's, and so the alarm's (repeatable)");
    line.texts("tag", 0, raw_.tags, "NAME=VALUE", "Of what is made (repeatable)");
    line.flag("delete", 0, delete_, "Delete alarm, topic and filter instead");
    line.flag("delete-log-group", 0, delete_group_,
              "With --delete: the log group and its lines, too");
}

Result<void> Setup::take_group() {
    if (raw_.group.has_value() == raw_.direct)
        return fail("--log-group", "either this or --direct is needed");
    if (raw_.direct) {
        using Given = std::pair<bool, const char *>;
        for (const auto &[given, name] : {Given{raw_.retention.has_value(), "--retention"},
                                          Given{raw_.filter.has_value(), "--filter"},
                                          Given{filter_options_.pattern.has_value(), "--pattern"},
                                          Given{filter_options_.value.has_value(), "--value"},
                                          Given{filter_options_.otherwise.has_value(), "--default"},
                                          Given{filter_options_.unit.has_value(), "--unit"},
                                          Given{delete_group_, "--delete-log-group"}})
            if (given)
                return fail(name, "goes with --log-group");
        return {};
    }
    if (!raw_.dimensions.empty())
        return fail("--dimension", "goes with --direct: the filter's default value allows none");
    group_.name = *raw_.group;
    if (auto good = check_log_group_name(group_.name); !good)
        return good;
    group_.retention_days = default_retention;
    if (!raw_.retention)
        return {};
    const auto days = *raw_.retention == "never" ? std::optional<std::uint64_t>(0)
                                                 : parse_number(*raw_.retention);
    if (!days || (*raw_.retention != "never" && !is_retention(*days)))
        return fail("--retention=" + escape_path(*raw_.retention),
                    "never, or one of " + retention_days_text());
    group_.retention_days = *days;
    group_.asked_days = days;
    return {};
}

Result<void> Setup::take_alarm_options() {
    AlarmOptions options;
    options.preset = "found";
    options.name_space = filter_.name_space;
    options.metric = filter_.metric;
    options.dimensions = raw_.dimensions;
    options.threshold = raw_.threshold;
    options.period = raw_.period;
    options.alarm_actions = {topic_.topic};
    auto alarm = take_alarm(options, raw_.alarm.value_or(found_alarm_name));
    if (!alarm)
        return std::unexpected(alarm.error());
    alarm_ = std::move(*alarm);
    return {};
}

Result<void> Setup::take_deletion() {
    if (!delete_)
        return delete_group_ ? fail("--delete-log-group", "goes with --delete") : Result<void>{};
    using Given = std::pair<bool, const char *>;
    for (const auto &[given, name] :
         {Given{raw_.retention.has_value(), "--retention"}, Given{!raw_.tags.empty(), "--tag"},
          Given{subscriptions_.wait.has_value(), "--wait"}})
        if (given)
            return fail(name, "cannot be combined with --delete");
    return {};
}

Result<void> Setup::take(const std::vector<std::string> &names, const Variables & /*variables*/) {
    if (!names.empty())
        return fail(escape_path(names.front()), "is not an option");
    if (auto good = take_group(); !good)
        return good;
    if (auto good = take_deletion(); !good)
        return good;
    if (auto good = take_subscriptions(subscriptions_, common().plan); !good)
        return good;
    // Of --direct, too: what names and checks the metric.
    auto filter = take_filter(filter_options_, group_.name, raw_.filter.value_or("ClamAV"), caret_);
    if (!filter)
        return std::unexpected(filter.error());
    filter_ = std::move(*filter);
    topic_.topic = raw_.topic.value_or("clamavfound");
    if (auto good = check_topic(topic_.topic); !good)
        return good;
    topic_.subscriptions = subscriptions_.wanted;
    auto tags = parse_tags(raw_.tags);
    if (!tags)
        return std::unexpected(tags.error());
    group_.tags = topic_.tags = tags_ = std::move(*tags);
    return take_alarm_options();
}

Policy Setup::setup_policy(const PolicyPlace &place) const {
    const bool plan = common().plan;
    PolicyStatement lists{{"cloudwatch:DescribeAlarms"}, {"*"}, {}};
    PolicyStatement group{{}, {}, {}};
    if (!raw_.direct) {
        lists.actions.emplace_back("logs:DescribeLogGroups");
        group.resources = log_group_arns(place, group_.name);
        group.actions.emplace_back("logs:DescribeMetricFilters");
        if (!plan) {
            group.actions.emplace_back("logs:CreateLogGroup");
            if (group_.retention_days > 0)
                group.actions.emplace_back("logs:PutRetentionPolicy");
            else
                group.actions.emplace_back("logs:DeleteRetentionPolicy");
            group.actions.emplace_back("logs:PutMetricFilter");
            if (!tags_.empty())
                group.actions.emplace_back("logs:TagResource");
        }
    }
    PolicyStatement alarm{{}, {policy_arn(place, "cloudwatch", "alarm:", alarm_.name)}, {}};
    if (!plan)
        alarm.actions.emplace_back("cloudwatch:PutMetricAlarm");
    if (!plan && !tags_.empty())
        alarm.actions.emplace_back("cloudwatch:TagResource");
    Policy policy{lists, group, alarm};
    for (auto &statement : topic_policy(place, topic_, plan))
        policy.push_back(std::move(statement));
    return policy;
}

Policy Setup::deletion_policy(const PolicyPlace &place) const {
    const auto unless_plan = [this](std::vector<std::string> actions) {
        return common().plan ? std::vector<std::string>{} : std::move(actions);
    };
    PolicyStatement lists{{"cloudwatch:DescribeAlarms"}, {"*"}, {}};
    Policy policy{{unless_plan({"cloudwatch:DeleteAlarms"}),
                   {policy_arn(place, "cloudwatch", "alarm:", alarm_.name)},
                   {}}};
    if (!topic_.topic.starts_with("arn:")) {
        lists.actions.emplace_back("sns:ListTopics");
        policy.push_back(
            {unless_plan({"sns:DeleteTopic"}), {topic_policy_arn(place, topic_.topic)}, {}});
    }
    if (!raw_.direct) {
        if (delete_group_)
            lists.actions.emplace_back("logs:DescribeLogGroups");
        PolicyStatement group{
            {"logs:DescribeMetricFilters"}, log_group_arns(place, group_.name), {}};
        for (auto &action : unless_plan({"logs:DeleteMetricFilter"}))
            group.actions.push_back(std::move(action));
        if (delete_group_ && !common().plan)
            group.actions.emplace_back("logs:DeleteLogGroup");
        policy.push_back(std::move(group));
    }
    policy.push_back(std::move(lists));
    return policy;
}

/// What somebody has added to the alarm by hand stays: other actions, what mails say of it.
Result<void> Setup::make_alarm(const Provisioning &with, const std::string &topic) {
    auto wanted = alarm_;
    wanted.alarm_actions = {topic};
    const auto old = look_for_alarm(with, alarm_.name);
    if (!old)
        return std::unexpected(old.error());
    if (*old) {
        const auto &there = **old;
        wanted.alarm_actions = there.alarm_actions;
        if (std::ranges::find(wanted.alarm_actions, topic) == wanted.alarm_actions.end())
            wanted.alarm_actions.push_back(topic);
        wanted.ok_actions = there.ok_actions;
        wanted.insufficient_data_actions = there.insufficient_data_actions;
        wanted.description = there.description;
        if (!there.enabled)
            with.report.advise(thing("alarm", alarm_.name) + ": its actions are disabled");
        wanted.enabled = there.enabled;
    }
    return ensure_alarm(with, *old, wanted, tags_);
}

Result<void> Setup::make(const Provisioning &with, std::string &topic) {
    if (!raw_.direct) {
        if (auto done = ensure_log_group(with, group_); !done)
            return done;
        if (auto done = ensure_filter(with, filter_, common().plan); !done)
            return done;
    }
    const auto arn = ensure_topic(with, topic_);
    if (!arn)
        return std::unexpected(arn.error());
    topic = *arn;
    return make_alarm(with, topic);
}

Result<void> Setup::remove(const Provisioning &with) {
    auto &report = with.report;
    if (auto done = remove_alarm(with, alarm_.name); !done)
        return done;
    if (topic_.topic.starts_with("arn:"))
        report.kept(thing("topic", topic_.topic), "an ARN names one that setup has not made");
    else if (auto done = remove_topic(with, topic_.topic, alarm_.name); !done)
        return done;
    if (raw_.direct)
        return {};
    if (auto done = remove_filter(with, group_.name, filter_.name); !done)
        return done;
    const auto what = thing("log group", group_.name);
    if (!delete_group_) {
        report.kept(what, "with its lines (--delete-log-group deletes both)");
        return {};
    }
    const auto found = find_log_group(with.services, group_.name);
    if (!found)
        return failed(with, what, found.error());
    if (!*found) {
        report.absent(what);
        return {};
    }
    if (!report.plan())
        if (const auto done = delete_log_group(with.services, group_.name); !done)
            return failed(with, what, done.error());
    report.deleted(what, "with its lines");
    return {};
}

void Setup::advise(const Report &report) const {
    const auto metric = escape_path(filter_.name_space + " " + filter_.metric);
    if (raw_.direct)
        report.advise("metric-push itself must feed " + metric +
                      ": its service must run, and no metric filter may count the same lines, or "
                      "the sum doubles");
    else
        report.advise("the filter feeds " + metric +
                      ": where logship ships these lines, metric-push's own service must stay off, "
                      "or the sum doubles");
}

Result<ProvisionOutcome> Setup::act(const Provisioning &with) {
    std::string topic;
    if (const auto done = delete_ ? remove(with) : make(with, topic); !done) {
        auto error = done.error();
        if (!common().plan)
            error.why += "; what is done stays, the same command goes on from here";
        return std::unexpected(std::move(error));
    }
    if (delete_ || common().plan)
        return ProvisionOutcome::done;
    advise(with.report);
    return await_confirmation(with, topic, subscriptions_);
}

} // namespace

std::unique_ptr<ProvisionCommand> make_setup_command() {
    return std::make_unique<Setup>();
}

} // namespace hostav
