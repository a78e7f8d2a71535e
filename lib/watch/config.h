// SPDX-License-Identifier: GPL-2.0-only
//
// clamd.conf with clamonacc's options and our own, as a plain struct. Defaults are ClamAV 1.4's but
// for OnAccessMaxFileSize, which is the engine's limit: a smaller one is no protection.
#pragma once

#include "base/error.h"
#include "base/messages.h"
#include "conf/clam_conf.h"
#include "conf/clam_options.h"
#include "engine/engine_options.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hostav {

struct WatchConfig {
    std::string file; ///< where it was read from; empty: nowhere

    // Log.
    std::optional<std::string> log_file;
    bool log_file_unlock = false;
    std::uint64_t log_file_max_size = 1 << 20; ///< bytes; 0: no limit
    bool log_time = false, log_clean = false, log_syslog = false, log_verbose = false;
    bool log_rotate = false, extended_detection_info = false;
    std::string log_facility = "LOG_LOCAL6";

    // The process.
    std::optional<std::string> pid_file, temporary_directory, user;
    std::string database_directory = "/var/lib/clamav";
    bool foreground = false, debug = false;
    std::uint64_t self_check = 600; ///< seconds; 0: never
    bool concurrent_reload = true;
    std::optional<std::string> virus_event;
    bool exit_on_oom = false;

    // The door.
    std::optional<std::string> local_socket, local_socket_group, local_socket_mode;
    bool fix_stale_socket = true;
    std::optional<std::uint64_t> tcp_socket;
    std::vector<std::string> tcp_addr;
    std::uint64_t max_connection_queue = 200;
    std::uint64_t stream_max_length = 100 * mebi, stream_min_port = 1024, stream_max_port = 2048;
    std::uint64_t max_threads = 10;
    std::uint64_t read_timeout = 120, command_read_timeout = 30; ///< seconds
    std::uint64_t send_buf_timeout = 500;                        ///< milliseconds
    std::uint64_t max_queue = 100, idle_timeout = 30;
    std::vector<std::string> exclude_path; ///< regular expressions
    std::uint64_t max_directory_recursion = 15;
    bool follow_directory_symlinks = false, follow_file_symlinks = false;
    bool cross_filesystems = true, allow_all_match = true;

    // The engine; load.databases is set from database_directory. clamd's cache of 65536 layers (4
    // MB) is one for all of its threads, and all that it remembers; each of our workers has its
    // own.
    EngineOptions engine = [] {
        EngineOptions made;
        made.cache_size = 8192;
        return made;
    }();
    std::string bytecode_mode = "Auto", bytecode_security = "TrustSigned";
    bool alert_encrypted = false, ssn_normal = true, ssn_stripped = false;
    bool scan_partial_messages = false, prelude = false;
    std::optional<std::string> prelude_name;

    // Old names and developers' options.
    bool algorithmic = true, block_max = false, ssl_mismatch = false, cloak = false;
    bool partition_intersection = false, ole2_macros = false, block_encrypted = false;
    bool collect_hashes = false, liblog = false;

    // The gate.
    std::vector<std::string> include_paths, exclude_paths, exclude_patterns, mount_paths;
    bool exclude_root = false;
    std::vector<std::uint64_t> exclude_uids;
    std::vector<std::string> exclude_names;
    std::optional<std::uint64_t> on_access_max_file_size; ///< bytes; unset: MaxFileSize
    bool disable_ddd = false, prevention = false, extra_scanning = false, deny_on_error = false;
    std::uint64_t curl_timeout = 5000, on_access_retries = 0;
    std::optional<std::uint64_t> on_access_threads; ///< unset: CPUs + 1
    std::string events = "open exec";
    std::uint64_t deadline = 30; ///< seconds
    std::optional<std::string> quarantine;

    // What follows from them.
    bool gate_open = true, gate_exec = true, scan_close_write = false;
    std::vector<std::uint64_t> excluded_uids; ///< of every exclusion, names resolved

    [[nodiscard]] bool watches() const { return !include_paths.empty() || !mount_paths.empty(); }
    /// Bytes; larger files are not scanned on access.
    [[nodiscard]] std::uint64_t access_file_limit() const;
    /// The longest a worker may take for a file.
    [[nodiscard]] std::chrono::milliseconds file_timeout() const;
    /// Workers of a gate.
    [[nodiscard]] unsigned gate_workers() const;
    [[nodiscard]] LogOptions log_options() const;
    /// Of the local socket; an error when LocalSocketMode is none.
    [[nodiscard]] Result<mode_t> socket_mode() const;
};

/// Every option, bound to the fields of `config`, in clamconf's order, ours at the end.
[[nodiscard]] std::vector<ClamOption> watch_options(WatchConfig &config);

/// Reads `file`, or the first of `files` that exists; fails when there is none. An unknown option
/// or a bad value is an error with what = FILE:LINE; an account that does not exist is a warning.
[[nodiscard]] Result<WatchConfig>
read_watch_config(const std::optional<std::string> &file, std::vector<std::string> &warnings,
                  const std::vector<std::string> &files = clamd_conf_files());

/// What follows from the options as they are now (the command line may have changed some), with
/// their values checked.
[[nodiscard]] Result<void> settle(WatchConfig &config, std::vector<std::string> &warnings);

/// Every option as it is in effect, as clamconf prints it.
[[nodiscard]] std::string config_text(const WatchConfig &config);

} // namespace hostav
