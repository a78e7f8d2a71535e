// SPDX-License-Identifier: GPL-2.0-only
//
// sigupdate's command line: freshclam's options with its letters, and hostav's own.
#pragma once

#include "base/error.h"
#include "update/config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

enum class UpdateAction {
    update,
    list,
    rollback,
    hold,
    unhold,
    allow,
    disallow,
    list_allowed,
    export_set,
    import_set,
    check_config,
    list_mirrors,
};

struct UpdateOptions {
    UpdateAction action = UpdateAction::update;
    std::string argument; ///< of the action: what to allow, hold, export to …
    std::size_t back = 1; ///< --rollback
    bool help = false, version = false;

    bool verbose = false, debug = false, quiet = false, no_warnings = false, to_stdout = false;
    bool show_progress = false, json = false, strict = false;
    bool daemon = false, no_dns = false;
    bool if_due = false; ///< only where 24 h / Checks have passed since the last check
    std::optional<std::string> config_file;
    std::vector<std::string> databases; ///< --update-db
    std::optional<std::string> reason, expires;

    // Over what the configuration file says.
    bool foreground = false, log_rotate = false;
    std::optional<std::uint64_t> checks, proof_memory;
    std::optional<std::string> pid_file, log_file, user, data_directory, notify_clamd,
        on_update_execute, on_error_execute, on_outdated_execute, local_address, state_directory,
        serve_directory;
    std::vector<std::string> vital_directories;
};

/// what = the option. `warnings`: lines about options that are deprecated.
[[nodiscard]] Result<void> parse_update_options(int argc, char **argv, UpdateOptions &options,
                                                std::vector<std::string> &warnings,
                                                std::string &help);
/// The command line counts before the file.
void apply_options(const UpdateOptions &options, UpdateConfig &config);
/// Whether --update-db may name them, as libfreshclam sees it.
[[nodiscard]] Result<void> check_database_names(const std::vector<std::string> &names);
/// What only both together can tell, after apply_options: check_database_names(), a source for
/// --update-db=custom, and how often a resident checks. freshclam's status for it is 9.
[[nodiscard]] Result<void> check_update(const UpdateOptions &options, const UpdateConfig &config);

} // namespace hostav
