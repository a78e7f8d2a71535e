// SPDX-License-Identifier: GPL-2.0-only
//
// What sigupdate does, one function an action. Each takes run.lock (another one at work, or a
// freshclam: status `locked`), recovers what a killed run left, says what it does in messages and
// leaves the live set in the result.
#pragma once

#include "update/session.h"

#include <functional>
#include <string>
#include <vector>

namespace hostav {

/// Fetches, proves, installs. `only`: the databases of --update-db; empty: a full run, which also
/// prunes what is not configured, as freshclam does. After it the others are told (see
/// aftermath.h).
[[nodiscard]] RunResult run_update(Session &session, const std::vector<std::string> &only);

/// Back to the set `back` installations ago, 1 at least; 0 is the live one. What is live now is not
/// installed again until there is something newer.
[[nodiscard]] RunResult run_rollback(Session &session, std::size_t back);

/// `DB=VERSION` stays, or comes back from a kept set, until release.
[[nodiscard]] RunResult run_hold(Session &session, const std::string &text);
[[nodiscard]] RunResult run_release(Session &session, const std::string &database);

/// Installs an archive's set. Databases that are older than the live ones are left out.
[[nodiscard]] RunResult run_import(Session &session, const std::string &file);

/// Takes run.lock, recovers, and calls `body`; says what is in the way.
[[nodiscard]] RunResult with_run_lock(Session &session,
                                      const std::function<void(RunResult &)> &body);

} // namespace hostav
