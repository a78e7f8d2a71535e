// SPDX-License-Identifier: GPL-2.0-only
#include "metric/filter_commands.h"

#include "base/text.h"
#include "metric/filter_options.h"
#include "metric/provision_names.h"
#include "metric/sink.h"

#include <algorithm>
#include <optional>

namespace hostav {

namespace {

void declare_group(CommandLine &line, std::optional<std::string> &group, const char *help) {
    line.text("log-group", 0, group, "NAME", help);
}

Result<void> take_group(const std::optional<std::string> &group) {
    return group ? check_log_group_name(*group) : fail("--log-group", "is needed");
}

class FilterPut : public ProvisionCommand {
  public:
    FilterPut() : ProvisionCommand("filter put") {}
    [[nodiscard]] std::string usage() const override { return "FILTER --log-group=NAME"; }
    [[nodiscard]] std::string about() const override {
        return "Makes a metric filter of a log group, or changes the one of that name: lines that\n"
               "match count in a metric.\n";
    }
    void declare(CommandLine &line) override {
        declare_group(line, group_, "The log group, which must be there");
        declare_filter(line, options_, true);
    }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        std::string name;
        if (auto good = take_name(names, "FILTER", check_filter_name, name); !good)
            return good;
        if (auto good = take_group(group_); !good)
            return good;
        auto filter = take_filter(options_, *group_, name, caret_);
        if (!filter)
            return std::unexpected(filter.error());
        filter_ = std::move(*filter);
        return {};
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        PolicyStatement statement{
            {"logs:DescribeMetricFilters"}, log_group_arns(place, *group_), {}};
        if (!common().plan)
            statement.actions.emplace_back("logs:PutMetricFilter");
        return {statement};
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        return finished(ensure_filter(with, filter_));
    }

  private:
    std::optional<std::string> group_;
    FilterOptions options_;
    MetricFilter filter_;
};

class FilterList : public ProvisionCommand {
  public:
    FilterList() : ProvisionCommand("filter list") {}
    [[nodiscard]] std::string usage() const override { return "[PREFIX]"; }
    [[nodiscard]] std::string about() const override {
        return "Prints metric filters, one a line: log group, filter, namespace, metric, value,\n"
               "default, unit, dimensions, pattern.\n";
    }
    void declare(CommandLine &line) override {
        declare_group(line, group_, "Of this log group only (of all)");
    }
    [[nodiscard]] Kind kind() const override { return Kind::lists; }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        if (auto good = take_name(names, nullptr, check_filter_name, prefix_); !good)
            return good;
        return group_ ? check_log_group_name(*group_) : Result<void>{};
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        return {{{"logs:DescribeMetricFilters"},
                 group_ ? log_group_arns(place, *group_) : std::vector<std::string>{"*"},
                 {}}};
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        const auto filters = list_metric_filters(with.services, group_.value_or(""), prefix_);
        if (!filters)
            return failed(with, group_ ? thing("log group", *group_) : "metric filters",
                          filters.error());
        const Table table({"log_group", "filter", "namespace", "metric", "value", "default", "unit",
                           "dimensions", "pattern"},
                          common().json);
        for (const auto &one : *filters)
            with.report.row(table.row({one.group, one.name, one.name_space, one.metric, one.value,
                                       one.otherwise ? number_text(*one.otherwise) : "", one.unit,
                                       pairs_text(one.dimensions), one.pattern}));
        return ProvisionOutcome::done;
    }

  private:
    std::optional<std::string> group_;
    std::string prefix_;
};

class FilterDelete : public ProvisionCommand {
  public:
    FilterDelete() : ProvisionCommand("filter delete") {}
    [[nodiscard]] std::string usage() const override { return "FILTER --log-group=NAME"; }
    [[nodiscard]] std::string about() const override {
        return "Deletes a metric filter. What it has counted stays.\n";
    }
    void declare(CommandLine &line) override { declare_group(line, group_, "The log group"); }
    Result<void> take(const std::vector<std::string> &names,
                      const Variables & /*variables*/) override {
        if (auto good = take_name(names, "FILTER", check_filter_name, filter_); !good)
            return good;
        return take_group(group_);
    }
    [[nodiscard]] Policy policy(const PolicyPlace &place) const override {
        PolicyStatement statement{
            {"logs:DescribeMetricFilters"}, log_group_arns(place, *group_), {}};
        if (!common().plan)
            statement.actions.emplace_back("logs:DeleteMetricFilter");
        return {statement};
    }
    Result<ProvisionOutcome> act(const Provisioning &with) override {
        return finished(remove_filter(with, *group_, filter_));
    }

  private:
    std::optional<std::string> group_;
    std::string filter_;
};

} // namespace

std::vector<std::string> log_group_arns(const PolicyPlace &place, const std::string &group) {
    const auto arn = policy_arn(place, "logs", "log-group:", group);
    return {arn, arn + ":*"};
}

Result<void> remove_filter(const Provisioning &with, const std::string &group,
                           const std::string &name) {
    const auto what = thing("filter", name);
    const auto found = list_metric_filters(with.services, group, name);
    if (!found && found.error().kind != AwsErrorKind::not_found)
        return failed(with, what, found.error());
    if (!found || std::ranges::find(*found, name, &MetricFilter::name) == found->end()) {
        with.report.absent(what);
        return {};
    }
    if (!with.report.plan())
        if (const auto done = delete_metric_filter(with.services, group, name); !done)
            return failed(with, what, done.error());
    with.report.deleted(what);
    return {};
}

std::unique_ptr<ProvisionCommand> make_filter_command(const std::string &verb) {
    if (verb == "put")
        return std::make_unique<FilterPut>();
    if (verb == "list")
        return std::make_unique<FilterList>();
    if (verb == "delete")
        return std::make_unique<FilterDelete>();
    return nullptr;
}

} // namespace hostav
