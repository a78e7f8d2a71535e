// SPDX-License-Identifier: GPL-2.0-only
//
// A staged set on its way to be the live one: proven, cleared of databases that fail, installed.
// Updates, rollbacks and imports all end here.
#pragma once

#include "update/session.h"

#include <string>

namespace hostav {

struct Candidate {
    std::string path;                ///< STATE/staging
    Fd staging;                      ///< holds every managed file of the next set
    DatabaseSet live;                ///< as it was when the staging began
    mutable DatabaseSet last_staged; ///< what staged_set() saw last: a digest is computed once
};

/// An empty staging directory and the live set, read anew.
[[nodiscard]] Result<Candidate> begin_candidate(Session &session);
/// Puts the live file of `name` (linked) into staging, in the place of whatever is there.
[[nodiscard]] Result<void> stage_live(const Session &session, const Candidate &candidate,
                                      const std::string &name);
/// Puts the live state of a database (`daily`) back into staging: what was staged of it goes.
[[nodiscard]] Result<void> take_back(const Session &session, const Candidate &candidate,
                                     const std::string &database);
/// The staged set; every file of it is managed.
[[nodiscard]] Result<DatabaseSet> staged_set(const Candidate &candidate);

/// Proves what has changed (unless TestDatabases is off) and installs it. What fails the proof is
/// kept aside and in result.refused; what is good of the rest goes live all the same. The result
/// has the live set at the end. The caller holds run.lock. Errors are said in messages.
void prove_and_install(Session &session, const Candidate &candidate, RunResult &result);

} // namespace hostav
