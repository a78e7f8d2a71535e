// SPDX-License-Identifier: GPL-2.0-only
//
// A command of metric-push that sets something up at AWS, lists it or takes it away: `setup`,
// `filter put` and so on. Options are looked at as a whole before anything is called.
#pragma once

#include "aws/environment.h"
#include "aws/services.h"
#include "base/error.h"
#include "conf/command_line.h"
#include "metric/ensure.h"
#include "metric/iam_policy.h"
#include "metric/report.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

enum class ProvisionOutcome {
    done,
    outstanding ///< a plan that has something to do; a confirmation that did not come in time
};

class ProvisionCommand {
  public:
    struct Common {
        bool help = false, version = false, plan = false, json = false, quiet = false;
        bool iam_policy = false;
        std::uint64_t timeout = 60; ///< seconds of a call with all its tries
        AwsOptions aws;
    };

    explicit ProvisionCommand(std::string name) : name_(std::move(name)) {}
    ProvisionCommand(const ProvisionCommand &) = delete;
    ProvisionCommand &operator=(const ProvisionCommand &) = delete;
    ProvisionCommand(ProvisionCommand &&) = delete;
    ProvisionCommand &operator=(ProvisionCommand &&) = delete;
    virtual ~ProvisionCommand() = default;

    [[nodiscard]] const std::string &name() const { return name_; } ///< `filter put`
    [[nodiscard]] const Common &common() const { return common_; }
    /// What stands after the name in the usage line, and what the command does, in lines.
    [[nodiscard]] virtual std::string usage() const = 0;
    [[nodiscard]] virtual std::string about() const = 0;

    /// Reads the options behind the name. `variables`: the environment, for placeholders.
    [[nodiscard]] Result<void> parse(int argc, char **argv, const Variables &variables);
    /// The option part of --help, after parse().
    [[nodiscard]] const std::string &option_help() const { return help_; }
    /// Points at what is wrong in a pattern, two lines; mostly empty.
    [[nodiscard]] const std::string &caret() const { return caret_; }

    [[nodiscard]] virtual Policy policy(const PolicyPlace &place) const = 0;
    [[nodiscard]] Result<ProvisionOutcome> run(AwsServices &services,
                                               const ProvisionOutput &output);

  protected:
    enum class Kind { changes, lists };
    /// Its own options; those of all commands come after them.
    virtual void declare(CommandLine &line) = 0;
    [[nodiscard]] virtual Kind kind() const { return Kind::changes; }
    /// Looks at them and at `names`, the words that are no options.
    [[nodiscard]] virtual Result<void> take(const std::vector<std::string> &names,
                                            const Variables &variables) = 0;
    /// What it does. That a plan has something to do need not be told by the outcome.
    [[nodiscard]] virtual Result<ProvisionOutcome> act(const Provisioning &with) = 0;
    [[nodiscard]] static Result<ProvisionOutcome> finished(const Result<void> &done) {
        return done ? Result<ProvisionOutcome>(ProvisionOutcome::done)
                    : std::unexpected(done.error());
    }
    using Check = Result<void> (*)(const std::string &name);
    /// The one name that there is, checked; `missing`, such as `FILTER`, where there is none, or
    /// null, where there need not be.
    [[nodiscard]] static Result<void> take_name(const std::vector<std::string> &names,
                                                const char *missing, Check check, std::string &to);

    std::string caret_;

  private:
    std::string name_;
    Common common_;
    std::string help_;
};

/// A row of a list, by column: tab-separated, or, `json`, an object a line.
class Table {
  public:
    Table(std::vector<std::string> columns, bool json)
        : columns_(std::move(columns)), json_(json) {}
    [[nodiscard]] std::string row(const std::vector<std::string> &values) const;

  private:
    std::vector<std::string> columns_;
    bool json_;
};

} // namespace hostav
