// SPDX-License-Identifier: GPL-2.0-only
//
// What the parts of one sigupdate process share, and what a run says at its end.
#pragma once

#include "base/account.h"
#include "base/messages.h"
#include "base/signals.h"
#include "update/config.h"
#include "update/database_set.h"
#include "update/download_bar.h"
#include "update/freshclam.h"
#include "update/installation.h"
#include "update/places.h"

#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct Session {
    UpdateConfig config;
    Places places;
    Messages messages;
    DownloadBar &bar;
    Signals &signals;
    std::optional<Account> account; ///< DatabaseOwner, where we are root acting as it
    bool no_dns = false, verbose = false, debug = false;
    std::string ca_bundle; ///< CURL_CA_BUNDLE, for custom sources (libfreshclam reads it itself)
};

/// One database that did not go live, and why.
struct Refusal {
    std::string database;
    std::string why;
};

struct RunResult {
    UpdateStatus status = UpdateStatus::ok; ///< the first thing that went wrong
    std::vector<Change> changes;            ///< installed
    DatabaseSet live;                       ///< at the end
    std::vector<Refusal> refused;           ///< by the proof
    std::string refused_path;               ///< where they are kept aside
    bool exceptions_changed = false;        ///< what is allowed has expired: clamd is to know
    bool cooling_down = false;
    bool not_due = false; ///< --if-due: nobody was asked
    std::string outdated; ///< the newer version of ClamAV, as DNS says
    double proof_seconds = 0;

    void failed(UpdateStatus with) {
        if (status == UpdateStatus::ok)
            status = with;
    }
};

} // namespace hostav
