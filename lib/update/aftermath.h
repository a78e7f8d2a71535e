// SPDX-License-Identifier: GPL-2.0-only
//
// What follows a run: the lines that say what is new, the mirror directory, clamd, the
// administrator's commands, the warning about old signatures, the line for machines.
#pragma once

#include "update/session.h"

#include <ctime>
#include <string>

namespace hostav {

/// Tells everybody. Returns the exit status: the run's, 1 for `OnUpdateExecute EXIT_1`, with
/// `strict` 18 for a run that a cool-down kept from looking. Of one that was not due there is nothing
/// to tell.
[[nodiscard]] UpdateStatus tell_of(Session &session, const RunResult &ran, bool strict);

/// RELOAD to clamd where NotifyClamd asks for it. A clamd that is not there is a warning.
void notify(Session &session);

/// `--json`: one line without its end.
[[nodiscard]] std::string json_line(const RunResult &result, UpdateStatus status, double seconds);

/// `The signatures are 12 days old …`, or nothing while they are younger than `max_age` days.
[[nodiscard]] std::string age_warning(const DatabaseSet &live, std::uint64_t max_age,
                                      std::time_t now);

} // namespace hostav
