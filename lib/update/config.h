// SPDX-License-Identifier: GPL-2.0-only
//
// freshclam.conf as users have it, and hostav's own options beside it. A plain struct; defaults are
// freshclam 1.4's.
#pragma once

#include "base/error.h"
#include "base/messages.h"
#include "conf/clam_conf.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct UpdateConfig {
    std::string file; ///< what was read; empty: none was found

    std::uint64_t log_file_max_size = 1048576; ///< bytes; 0: no limit
    bool log_time = false, log_syslog = false, log_verbose = false, log_rotate = false;
    std::string log_facility = "LOG_LOCAL6";
    std::optional<std::string> pid_file;
    std::string database_directory = "/var/lib/clamav";
    bool foreground = false, debug = false;
    std::optional<std::string> update_log_file;
    std::string database_owner = "clamav";
    std::uint64_t checks = 12; ///< a day
    std::string dns_database_info = "current.cvd.clamav.net";
    std::vector<std::string> database_mirrors, private_mirrors;
    std::uint64_t max_attempts = 3;
    bool scripted_updates = true, test_databases = true, compress_local_database = false;
    std::vector<std::string> extra_databases, exclude_databases, custom_urls;
    std::optional<std::string> proxy_server, proxy_username, proxy_password, user_agent;
    std::optional<std::uint64_t> proxy_port;
    std::optional<std::string> notify_clamd; ///< path of clamd.conf
    std::optional<std::string> on_update_execute, on_error_execute, on_outdated_execute;
    std::optional<std::string> local_ip_address;
    std::uint64_t connect_timeout = 30, receive_timeout = 60; ///< seconds; receive 0: none
    bool bytecode = true;

    // hostav's own. freshclam refuses a file that has them: they belong into sigupdate.conf.
    std::vector<std::string> vital_files;       ///< VitalFile, beside the default list
    std::vector<std::string> vital_directories; ///< VitalDirectory: every file directly in it
    std::uint64_t proof_memory = 0;             ///< ProofMemory: bytes; 0: no limit
    std::uint64_t proof_timeout = 600;          ///< ProofTimeout: seconds
    std::uint64_t keep_sets = 3;                ///< KeepSets
    std::uint64_t max_age = 7;                  ///< MaxAge: days before the age warning; 0: never
    std::uint64_t custom_max_size = 1073741824; ///< CustomMaxSize: bytes a custom source may have
    std::optional<std::string> state_directory; ///< StateDirectory
    std::optional<std::string> serve_directory; ///< ServeDirectory

    bool operator==(const UpdateConfig &) const = default;
};

/// Reads `file`, or the first that exists of `files`; without any, the defaults and the official
/// mirror. Of an option that is given twice the first counts, as with freshclam, unless it may be
/// repeated. what = `FILE:LINE`. `warnings`: lines about options that are deprecated.
[[nodiscard]] Result<UpdateConfig>
read_update_config(const std::optional<std::string> &file, std::vector<std::string> &warnings,
                   const std::vector<std::string> &files = freshclam_conf_files());

/// Where a run's lines go.
[[nodiscard]] LogOptions log_options(const UpdateConfig &config);

/// Every option as it is in effect, as clamconf prints it, with ` # default` after those that are.
[[nodiscard]] std::string config_text(const UpdateConfig &config);

} // namespace hostav
