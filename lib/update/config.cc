// SPDX-License-Identifier: GPL-2.0-only
//
// One table says which options there are; reading, defaults and --check-config follow it.
#include "update/config.h"

#include "base/text.h"
#include "conf/clam_options.h"

#include <array>
#include <sys/stat.h>

namespace hostav {

namespace {

constexpr std::uint64_t any = UINT64_MAX;

/// In clamconf's order, ours after freshclam's.
std::vector<ClamOption> options_of(UpdateConfig &config) {
    return {
        {"LogFileMaxSize", &config.log_file_max_size, true, nullptr, any},
        {"LogTime", &config.log_time},
        {"LogSyslog", &config.log_syslog},
        {"LogFacility", &config.log_facility},
        {"LogVerbose", &config.log_verbose},
        {"LogRotate", &config.log_rotate},
        {"PidFile", &config.pid_file},
        {"DatabaseDirectory", &config.database_directory},
        {"Foreground", &config.foreground},
        {"Debug", &config.debug},
        {"UpdateLogFile", &config.update_log_file},
        {"DatabaseOwner", &config.database_owner},
        {"Checks", &config.checks},
        {"DNSDatabaseInfo", &config.dns_database_info},
        {"DatabaseMirror", &config.database_mirrors},
        {"PrivateMirror", &config.private_mirrors},
        {"MaxAttempts", &config.max_attempts},
        {"ScriptedUpdates", &config.scripted_updates},
        {"TestDatabases", &config.test_databases},
        {"CompressLocalDatabase", &config.compress_local_database},
        {"ExtraDatabase", &config.extra_databases},
        {"ExcludeDatabase", &config.exclude_databases},
        {"DatabaseCustomURL", &config.custom_urls},
        {"HTTPProxyServer", &config.proxy_server},
        {"HTTPProxyPort", &config.proxy_port},
        {"HTTPProxyUsername", &config.proxy_username},
        {.name = "HTTPProxyPassword", .field = &config.proxy_password, .secret = true},
        {"HTTPUserAgent", &config.user_agent},
        {"NotifyClamd", &config.notify_clamd, false, "/etc/clamav/clamd.conf"},
        {"OnUpdateExecute", &config.on_update_execute},
        {"OnErrorExecute", &config.on_error_execute},
        {"OnOutdatedExecute", &config.on_outdated_execute},
        {"LocalIPAddress", &config.local_ip_address},
        {"ConnectTimeout", &config.connect_timeout},
        {"ReceiveTimeout", &config.receive_timeout},
        {"Bytecode", &config.bytecode},
        {"VitalFile", &config.vital_files},
        {"VitalDirectory", &config.vital_directories},
        {"ProofMemory", &config.proof_memory, true, nullptr, any},
        {"ProofTimeout", &config.proof_timeout},
        {"KeepSets", &config.keep_sets},
        {"MaxAge", &config.max_age},
        {"CustomMaxSize", &config.custom_max_size, true, nullptr, any},
        {"StateDirectory", &config.state_directory},
        {"ServeDirectory", &config.serve_directory},
    };
}

constexpr std::array deprecated{"SafeBrowsing", "AllowSupplementaryGroups"};

} // namespace

Result<UpdateConfig> read_update_config(const std::optional<std::string> &file,
                                        std::vector<std::string> &warnings,
                                        const std::vector<std::string> &files) {
    UpdateConfig config;
    if (file)
        config.file = *file;
    else
        config.file = first_existing(files).value_or("");
    if (config.file.empty()) {
        config.database_mirrors = {"database.clamav.net"};
        return config;
    }
    UpdateConfig scratch;
    const auto ignored = options_of(scratch);
    if (auto read =
            read_clam_options(config.file, options_of(config), {deprecated, ignored}, warnings);
        !read)
        return std::unexpected(read.error());
    // As freshclam does.
    struct stat st = {};
    constexpr mode_t others = S_IRWXG | S_IRWXO;
    if (config.proxy_password && ::stat(config.file.c_str(), &st) == 0 &&
        (st.st_mode & others) != 0)
        return fail(escape_path(config.file),
                    "holds HTTPProxyPassword and must have no more permissions than 0700");
    return config;
}

LogOptions log_options(const UpdateConfig &config) {
    LogOptions log;
    log.file = config.update_log_file;
    log.max_size = config.log_file_max_size;
    log.time = config.log_time;
    log.verbose = config.log_verbose;
    log.syslog = config.log_syslog;
    log.facility = config.log_facility;
    log.ident = "sigupdate";
    log.head = "--------------------------------------";
    return log;
}

std::string config_text(const UpdateConfig &config) {
    UpdateConfig shown = config;
    UpdateConfig defaults;
    return clam_options_text(config.file, options_of(shown), options_of(defaults));
}

} // namespace hostav
