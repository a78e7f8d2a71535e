// SPDX-License-Identifier: GPL-2.0-only
//
// `alarm put`, `alarm list`, `alarm delete`.
#pragma once

#include "metric/provision_command.h"

#include <memory>
#include <string>

namespace hostav {

/// Null for a word that is none of them.
[[nodiscard]] std::unique_ptr<ProvisionCommand> make_alarm_command(const std::string &verb);

/// Deletes the alarm where it is there.
[[nodiscard]] Result<void> remove_alarm(const Provisioning &with, const std::string &name);

} // namespace hostav
