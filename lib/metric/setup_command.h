// SPDX-License-Identifier: GPL-2.0-only
//
// `setup`: all that leads from a FOUND line to a mail, in one command: log group, metric filter,
// topic, subscriptions, alarm. Where metric-push pushes the metric itself (--direct), the first two
// are left out: exactly one of the two may feed it, or its sum doubles.
#pragma once

#include "metric/provision_command.h"

#include <memory>

namespace hostav {

[[nodiscard]] std::unique_ptr<ProvisionCommand> make_setup_command();

} // namespace hostav
