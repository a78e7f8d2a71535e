// SPDX-License-Identifier: GPL-2.0-only
#include "metric/alarm_commands.h"

#include "base/text.h"
#include "metric/alarm_options.h"
#include "metric/alarm_settings.h"
#include "metric/provision_names.h"
#include "metric/session.h"

#include <algorithm>

namespace hostav {

namespace {

constexpr std::size_t most_children = 100; ///< of a composite alarm

class AlarmPut : public ProvisionCommand {
  public:
    AlarmPut() : ProvisionCommand("alarm put") {}
    [[nodiscard]] std::string usage() const override { return "ALARM"; }
    [[nodiscard]] std::string about() const override {
        return "Makes an alarm of a metric, or a composite one of other alarms, or changes the one "
               "of\n"
               "that name to exactly this. With --preset, ALARM may be left out.\n";
    }
    void declare(CommandLine &line) override {
        declare_alarm(line, options_);
        line.texts("tag", 0, tag_options_, "NAME=VALUE", "Of an alarm that is made (repeatable)");
    }
    Result<void> take(const std::vector<std::string> &names, const Variables &variables) override {
        std::string name;
        const auto *const missing = options_.preset ? nullptr : "ALARM";
        if (auto good = take_name(names, missing, check_alarm_name, name); !good)
            return good;
        auto alarm = take_alarm(options_, name);
        if (!alarm)
            return std::unexpected(alarm.error());
        alarm_ = std::move(*alarm);
        auto tags = parse_tags(tag_options_);
        if (!tags)
            return std::unexpected(tags.error());
        tags_ = std::move(*tags);
        return fill_dimensions(name.empty(), variables);
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        PolicyStatement lists{{"cloudwatch:DescribeAlarms"}, {"*"}, {}};
        if (has_topic_names())
            lists.actions.emplace_back("sns:ListTopics");
        PolicyStatement own{{}, {policy_arn(place, "cloudwatch", "alarm:", alarm_.name)}, {}};
        if (!common().plan) {
            own.actions.emplace_back(alarm_.composite() ? "cloudwatch:PutCompositeAlarm"
                                                        : "cloudwatch:PutMetricAlarm");
            if (!tags_.empty())
                own.actions.emplace_back("cloudwatch:TagResource");
        }
        return {lists, own};
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        if (auto found = find_children(with); !found)
            return std::unexpected(found.error());
        if (auto found = find_topics(with); !found)
            return std::unexpected(found.error());
        const auto old = look_for_alarm(with, alarm_.name);
        if (!old)
            return std::unexpected(old.error());
        return finished(ensure_alarm(with, *old, alarm_, tags_));
    }

  private:
    AlarmOptions options_;
    std::vector<std::string> tag_options_;
    Alarm alarm_;
    AwsTags tags_;

    [[nodiscard]] std::vector<std::vector<std::string> *> actions() {
        return {&alarm_.alarm_actions, &alarm_.ok_actions, &alarm_.insufficient_data_actions};
    }
    static bool is_name(const std::string &action) { return !action.starts_with("arn:"); }
    [[nodiscard]] bool has_topic_names() const {
        return std::ranges::any_of(alarm_.alarm_actions, is_name) ||
               std::ranges::any_of(alarm_.ok_actions, is_name) ||
               std::ranges::any_of(alarm_.insufficient_data_actions, is_name);
    }

    Result<void> fill_dimensions(bool name_by_preset, const Variables &variables) {
        if (alarm_.dimensions.empty())
            return {};
        // The counting's own way, so that alarm and metric have the same.
        PushOptions counting;
        counting.aws = common().aws;
        counting.count.metric.dimensions = alarm_.dimensions;
        if (auto filled = expand_dimensions(counting, variables); !filled)
            return filled;
        alarm_.dimensions = counting.count.metric.dimensions;
        if (name_by_preset)
            alarm_.name = preset_alarm_name(*options_.preset, alarm_);
        return check_alarm(alarm_);
    }

    /// The alarms that begin with --composite-prefix, beside those that are named.
    Result<void> find_children(const Provisioning &with) {
        if (!options_.composite_prefix)
            return {};
        const auto what = thing("alarm", alarm_.name);
        const auto found = list_alarms(with.services, {{}, *options_.composite_prefix, ""});
        if (!found)
            return failed(with, what, found.error());
        auto names = options_.composite;
        for (const auto &child : *found)
            if (child.name != alarm_.name && std::ranges::count(names, child.name) == 0)
                names.push_back(child.name);
        const auto shown = "--composite-prefix=" + escape_path(*options_.composite_prefix);
        if (names.empty())
            return fail(shown, "no alarm begins so");
        if (names.size() > most_children)
            return fail(shown, std::to_string(names.size()) +
                                   " alarms, more than the hundred that a composite one may have");
        for (const auto &name : names)
            if (name.find_first_of("\"\\") != std::string::npos)
                return fail(shown, thing("alarm", name) + " has a \" or \\: write a --rule");
        std::ranges::sort(names);
        alarm_.rule = any_alarm_rule(names);
        return check_alarm(alarm_);
    }

    /// Names of topics become ARNs.
    Result<void> find_topics(const Provisioning &with) {
        if (!has_topic_names())
            return {};
        const auto topics = list_topics(with.services);
        if (!topics)
            return failed(with, thing("alarm", alarm_.name), topics.error());
        for (auto *const kind : actions())
            for (auto &action : *kind) {
                if (!is_name(action))
                    continue;
                const auto arn = std::ranges::find_if(
                    *topics, [&action](const auto &one) { return topic_name(one) == action; });
                if (arn == topics->end())
                    return fail(thing("topic", action),
                                "is not there: `metric-push topic put " + action + "` makes it");
                action = *arn;
            }
        return {};
    }
};

class AlarmList : public ProvisionCommand {
  public:
    AlarmList() : ProvisionCommand("alarm list") {}
    [[nodiscard]] std::string usage() const override { return "[PREFIX]"; }
    [[nodiscard]] std::string about() const override {
        return "Prints alarms, one a line: state, name, condition, missing data, whether actions "
               "are\n"
               "enabled, the alarm actions.\n";
    }
    void declare(CommandLine & /*line*/) override {}
    [[nodiscard]] Kind kind() const override { return Kind::lists; }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        return take_name(names, nullptr, check_alarm_name, prefix_);
    }
    [[nodiscard]] Policy policy(const PolicyPlace & /*place*/) const override {
        return {{{"cloudwatch:DescribeAlarms"}, {"*"}, {}}};
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        const auto alarms = list_alarms(with.services, {{}, prefix_, ""});
        if (!alarms)
            return failed(with, "alarms", alarms.error());
        const Table table(
            {"state", "alarm", "condition", "missing_data", "actions", "alarm_actions"},
            common().json);
        for (const auto &one : *alarms) {
            std::string actions;
            for (const auto &action : one.alarm_actions)
                actions += (actions.empty() ? "" : " ") + action;
            with.report.row(table.row({one.state, one.name, alarm_condition_text(one),
                                       one.composite() ? "" : one.missing_data,
                                       one.enabled ? "enabled" : "disabled", actions}));
        }
        return ProvisionOutcome::done;
    }

  private:
    std::string prefix_;
};

class AlarmDelete : public ProvisionCommand {
  public:
    AlarmDelete() : ProvisionCommand("alarm delete") {}
    [[nodiscard]] std::string usage() const override { return "ALARM..."; }
    [[nodiscard]] std::string about() const override { return "Deletes alarms.\n"; }
    void declare(CommandLine & /*line*/) override {}
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        if (names.empty())
            return fail("ALARM", "is missing: give its name");
        for (const auto &name : names)
            if (auto good = check_alarm_name(name); !good)
                return good;
        names_ = names;
        return {};
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        PolicyStatement own{{}, {}, {}};
        if (!common().plan)
            own.actions.emplace_back("cloudwatch:DeleteAlarms");
        for (const auto &name : names_)
            own.resources.push_back(policy_arn(place, "cloudwatch", "alarm:", name));
        return {{{"cloudwatch:DescribeAlarms"}, {"*"}, {}}, own};
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        for (const auto &name : names_)
            if (auto done = remove_alarm(with, name); !done)
                return std::unexpected(done.error());
        return ProvisionOutcome::done;
    }

  private:
    std::vector<std::string> names_;
};

} // namespace

Result<void> remove_alarm(const Provisioning &with, const std::string &name) {
    const auto what = thing("alarm", name);
    const auto found = look_for_alarm(with, name);
    if (!found)
        return std::unexpected(found.error());
    if (!*found) {
        with.report.absent(what);
        return {};
    }
    if (!with.report.plan())
        if (const auto done = delete_alarm(with.services, name); !done)
            return failed(with, what, done.error());
    with.report.deleted(what);
    return {};
}

std::unique_ptr<ProvisionCommand> make_alarm_command(const std::string &verb) {
    if (verb == "put")
        return std::make_unique<AlarmPut>();
    if (verb == "list")
        return std::make_unique<AlarmList>();
    if (verb == "delete")
        return std::make_unique<AlarmDelete>();
    return nullptr;
}

} // namespace hostav
