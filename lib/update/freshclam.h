// SPDX-License-Identifier: GPL-2.0-only
//
// Official databases by libfreshclam, in a child of its own: it changes the working directory, has
// globals and prints. libfreshclam.h is included in freshclam_child.cc only. The child becomes
// DatabaseOwner for good when root started us, and works in the staging directory only.
#pragma once

#include "base/account.h"
#include "base/error.h"
#include "base/messages.h"
#include "base/signals.h"
#include "update/config.h"
#include "update/download_bar.h"

#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// freshclam's exit statuses (fc_error_t of libfreshclam 1.4), and ours above them.
enum class UpdateStatus : int {
    ok = 0,
    exit_1 = 1,
    init = 2,
    directory = 3,
    file = 4,
    connection = 5,
    empty_file = 6,
    bad_cvd = 7,
    test_failed = 8,
    config = 9,
    database_access = 10,
    failed_get = 11,
    mirror_not_in_sync = 12,
    logging = 13,
    failed_update = 14,
    memory = 15,
    argument = 16,
    forbidden = 17,
    retry_later = 18,
    error = 19,
    locked = 20, ///< another update, or a freshclam, is at work on the directory
};

struct OfficialRequest {
    std::string staging; ///< directory with the live official databases and freshclam.dat
    std::vector<std::string> databases; ///< `daily`, `main` …
    std::vector<std::string> files; ///< instead: files of the mirrors (`daily-27800.cdiff`), one
                                    ///< after the other until one cannot be had
    bool prune = false;             ///< a full run: other *.cvd and *.cld in staging go …
    std::vector<std::string> keep;  ///< … but for these databases (held ones, custom ones)
    bool no_dns = false;
    bool verbose = false, debug = false;
    std::optional<Account> account; ///< to become; nothing: stay who we are
};

struct OfficialResult {
    UpdateStatus status = UpdateStatus::ok;
    bool cooling_down = false;       ///< an earlier 403 or 429 is still in force; nothing was asked
    std::string outdated;            ///< version of ClamAV that DNS says is newer; empty: none
    std::vector<std::string> failed; ///< databases that were not brought up to date
};

/// Those of a full run: daily, main, bytecode without what is excluded, and the extra ones.
[[nodiscard]] std::vector<std::string> standard_databases(const UpdateConfig &config);

/// Never fails itself: what goes wrong is in the messages and the status. A
/// child that does not end by its own timeouts is killed.
[[nodiscard]] OfficialResult fetch_official(const UpdateConfig &config,
                                            const OfficialRequest &request, Messages &messages,
                                            DownloadBar &bar, Signals *signals);

} // namespace hostav
