// SPDX-License-Identifier: GPL-2.0-only
#include "metric/provision.h"

#include "aws/endpoint.h"
#include "base/text.h"
#include "metric/alarm_commands.h"
#include "metric/filter_commands.h"
#include "metric/setup_command.h"
#include "metric/topic_commands.h"

#include <chrono>
#include <string_view>

namespace hostav {

namespace {

constexpr const char *user_agent = "hostav-metric-push/" HOSTAV_VERSION;

} // namespace

bool is_filter_test(int argc, char **argv) {
    return argc > 2 && std::string_view(argv[1]) == "filter" && std::string_view(argv[2]) == "test";
}

Result<ProvisionWords> find_provision_command(int argc, char **argv) {
    const std::string noun = argc > 1 ? argv[1] : "";
    const std::string verb = argc > 2 && *argv[2] != '-' ? argv[2] : "";
    if (noun == "setup")
        return ProvisionWords{make_setup_command(), 1};
    ProvisionWords words;
    words.count = 2;
    if (noun == "filter")
        words.command = make_filter_command(verb);
    else if (noun == "topic")
        words.command = make_topic_command(verb);
    else if (noun == "alarm")
        words.command = make_alarm_command(verb);
    else
        return ProvisionWords{};
    if (words.command == nullptr)
        return fail(noun + (verb.empty() ? "" : " " + escape_path(verb)),
                    noun == "filter" ? "put, list, test or delete comes after it"
                                     : "put, list or delete comes after it");
    return words;
}

PolicyPlace policy_place(const AwsOptions &options, const Variables &variables) {
    // Not the instance's metadata: a policy is often written elsewhere.
    const auto environment = aws_environment(options, [&variables](const char *name) {
        return std::string_view(name) == "AWS_EC2_METADATA_DISABLED" ? "true" : variables(name);
    });
    HttpClient http(http_options(environment, user_agent));
    Metadata metadata(environment, http);
    const auto profiles = read_aws_profiles(environment);
    const auto region = find_region(environment, profiles ? *profiles : AwsProfiles{}, metadata);
    return region ? PolicyPlace{partition_name(*region), *region} : PolicyPlace{};
}

Result<ProvisionOutcome> run_provision(ProvisionCommand &command, const Variables &variables,
                                       const ProvisionOutput &output) {
    const auto &common = command.common();
    auto services = AwsServices::connect(
        {common.aws, variables, user_agent, std::chrono::seconds(common.timeout)});
    if (!services)
        return std::unexpected(services.error());
    return command.run(**services, output);
}

} // namespace hostav
