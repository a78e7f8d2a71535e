// SPDX-License-Identifier: GPL-2.0-only
//
// The commands of metric-push that set things up at AWS, by the words that they begin with.
#pragma once

#include "aws/environment.h"
#include "base/error.h"
#include "metric/provision_command.h"

#include <memory>
#include <string>

namespace hostav {

struct ProvisionWords {
    std::unique_ptr<ProvisionCommand> command; ///< null: these are not such a command's words
    int count = 0;                             ///< how many of argv are its name
};
/// Fails for `filter`, `topic` and `alarm` without a word after them that they have.
[[nodiscard]] Result<ProvisionWords> find_provision_command(int argc, char **argv);
/// Whether the words are `filter test`, which is `test`.
[[nodiscard]] bool is_filter_test(int argc, char **argv);

/// Where ARNs of a policy are, as far as options, environment and files say; asks nobody.
[[nodiscard]] PolicyPlace policy_place(const AwsOptions &options, const Variables &variables);

/// The command, after its parse(): calls AWS.
[[nodiscard]] Result<ProvisionOutcome>
run_provision(ProvisionCommand &command, const Variables &variables, const ProvisionOutput &output);

} // namespace hostav
