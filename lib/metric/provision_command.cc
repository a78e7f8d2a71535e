// SPDX-License-Identifier: GPL-2.0-only
#include "metric/provision_command.h"

#include "aws/endpoint.h"
#include "aws/profile.h"
#include "base/json.h"
#include "base/text.h"

namespace hostav {

Result<void> ProvisionCommand::parse(int argc, char **argv, const Variables &variables) {
    constexpr std::uint64_t longest_timeout = 3600;
    CommandLine line;
    line.group("Options");
    declare(line);
    if (kind() == Kind::changes)
        line.flag("plan", 0, common_.plan, "Say what would be done, and do nothing");
    else
        line.flag("json", 0, common_.json, "An object a line instead of columns");
    line.flag("iam-policy", 0, common_.iam_policy, "Print the IAM policy that is needed");
    line.number("timeout", 0, common_.timeout, 1, longest_timeout, "SECONDS",
                "Give up on a call after so long (60)");
    line.flag("quiet", 'q', common_.quiet, "No advice, only the report and errors");
    line.flag("help", 'h', common_.help, "Show this help");
    line.flag("version", 'V', common_.version, "Show the version");
    add_aws_options(line, common_.aws);
    const auto names = line.parse(argc, argv);
    help_ = line.help();
    if (!names)
        return std::unexpected(names.error());
    if (common_.help || common_.version)
        return {};
    if (auto good = check_aws_options(common_.aws, cloudwatch_service); !good)
        return good;
    if (auto taken = take(*names, variables); !taken)
        return taken;
    return common_.iam_policy ? Result<void>{}
                              : check_profile_options(aws_environment(common_.aws, variables));
}

Result<ProvisionOutcome> ProvisionCommand::run(AwsServices &services,
                                               const ProvisionOutput &output) {
    Report report(output, common_.plan);
    const auto outcome = act({services, report, name_});
    return outcome && report.outstanding() ? ProvisionOutcome::outstanding : outcome;
}

Result<void> ProvisionCommand::take_name(const std::vector<std::string> &names, const char *missing,
                                         Check check, std::string &to) {
    if (names.size() > 1)
        return fail(escape_path(names[1]), "one name is enough");
    if (names.empty())
        return missing == nullptr ? Result<void>{} : fail(missing, "is missing: give its name");
    to = names.front();
    return check(to);
}

std::string Table::row(const std::vector<std::string> &values) const {
    JsonObject object;
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (json_)
            object.add(columns_[i], values[i]);
        else
            line += (i == 0 ? "" : "\t") + escape_path(values[i]);
    }
    return json_ ? object.text() : line;
}

} // namespace hostav
