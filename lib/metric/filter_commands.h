// SPDX-License-Identifier: GPL-2.0-only
//
// `filter put`, `filter list`, `filter delete`.
#pragma once

#include "metric/provision_command.h"

#include <memory>
#include <string>

namespace hostav {

/// Null for a word that is none of them.
[[nodiscard]] std::unique_ptr<ProvisionCommand> make_filter_command(const std::string &verb);

/// Deletes the filter where it is there.
[[nodiscard]] Result<void> remove_filter(const Provisioning &with, const std::string &group,
                                         const std::string &name);

/// ARNs of a log group, with what is in it, for a policy.
[[nodiscard]] std::vector<std::string> log_group_arns(const PolicyPlace &place,
                                                      const std::string &group);

} // namespace hostav
