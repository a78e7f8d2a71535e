// SPDX-License-Identifier: GPL-2.0-only
//
// What follows from the options, and which values are none.
#include "base/account.h"
#include "base/text.h"
#include "watch/config.h"

#include <algorithm>
#include <array>
#include <grp.h>
#include <regex.h>
#include <sstream>
#include <unistd.h>

namespace hostav {

namespace {

Result<void> settle_engine(WatchConfig &config) {
    auto &[load, limits, parse, all, lines, cache, none, force, leave, json, certificates, dump,
           hashes, debug] = config.engine;
    load.databases = {config.database_directory};
    debug = config.debug;
    static constexpr std::array modes{"Auto", "ForceJIT", "ForceInterpreter", "Test"};
    const auto *const mode = std::ranges::find(modes, config.bytecode_mode);
    if (mode == modes.end())
        return fail("BytecodeMode " + escape_path(config.bytecode_mode), "is no mode");
    load.bytecode_mode = static_cast<BytecodeMode>(mode - modes.begin());
    if (config.bytecode_security != "TrustSigned" && config.bytecode_security != "Paranoid")
        return fail("BytecodeSecurity " + escape_path(config.bytecode_security), "is no level");
    load.bytecode_paranoid = config.bytecode_security == "Paranoid";
    if (load.detect_pua && !load.exclude_pua.empty() && !load.include_pua.empty())
        return fail("IncludePUA", "cannot be used together with ExcludePUA");
    parse.heuristics = parse.heuristics && config.algorithmic;
    parse.alert_exceeds_max |= config.block_max;
    parse.alert_phishing_ssl |= config.ssl_mismatch;
    parse.alert_phishing_cloak |= config.cloak;
    parse.alert_partition_intersection |= config.partition_intersection;
    parse.alert_macros |= config.ole2_macros;
    parse.alert_encrypted_archive |= config.alert_encrypted || config.block_encrypted;
    parse.alert_encrypted_doc |= config.alert_encrypted || config.block_encrypted;
    parse.structured_ssn_format = config.ssn_stripped ? (config.ssn_normal ? 2 : 1) : 0;
    if (!config.ssn_stripped && !config.ssn_normal)
        parse.structured_ssn_count = INT32_MAX; // no format: none is found
    return {};
}

Result<void> settle_events(WatchConfig &config) {
    config.gate_open = config.gate_exec = false;
    config.scan_close_write = config.extra_scanning;
    std::istringstream words(config.events);
    for (std::string word; words >> word;) {
        bool *const to = word == "open"          ? &config.gate_open
                         : word == "exec"        ? &config.gate_exec
                         : word == "close-write" ? &config.scan_close_write
                                                 : nullptr;
        if (to == nullptr)
            return fail("OnAccessEvents " + escape_path(word),
                        "not one of open, exec, close-write");
        *to = true;
    }
    return {};
}

Result<void> settle_exclusions(WatchConfig &config, std::vector<std::string> &warnings) {
    // As clamonacc: 0 switches the option off; for root there is OnAccessExcludeRootUID.
    config.excluded_uids = config.exclude_uids;
    if (std::ranges::count(config.exclude_uids, 0U) != 0) {
        config.excluded_uids.clear();
        warnings.emplace_back("OnAccessExcludeUID 0: switches OnAccessExcludeUID off; for root "
                              "there is OnAccessExcludeRootUID");
    }
    if (config.exclude_root)
        config.excluded_uids.push_back(0);
    for (const auto &name : config.exclude_names) {
        const auto account = find_account(name);
        if (!account)
            return std::unexpected(account.error());
        if (*account)
            config.excluded_uids.push_back((*account)->uid);
        else
            warnings.push_back("OnAccessExcludeUname " + escape_path(name) +
                               ": there is no such account here");
    }
    for (const auto *patterns : {&config.exclude_patterns, &config.exclude_path})
        for (const auto &pattern : *patterns) {
            regex_t compiled;
            if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
                return fail(escape_path(pattern), "is no regular expression");
            ::regfree(&compiled);
        }
    return {};
}

Result<void> check_paths(const WatchConfig &config) {
    const auto absolute = [](const std::vector<std::string> &paths,
                             const char *option) -> Result<void> {
        for (const auto &path : paths)
            if (!path.starts_with('/'))
                return fail(std::string(option) + " " + escape_path(path),
                            "must be an absolute path");
        return {};
    };
    for (const auto &[paths, option] : {std::pair(&config.include_paths, "OnAccessIncludePath"),
                                        std::pair(&config.exclude_paths, "OnAccessExcludePath"),
                                        std::pair(&config.mount_paths, "OnAccessMountPath")})
        if (auto fine = absolute(*paths, option); !fine)
            return fine;
    for (const auto &[path, option] :
         {std::pair(&config.log_file, "LogFile"), std::pair(&config.local_socket, "LocalSocket"),
          std::pair(&config.quarantine, "OnAccessQuarantine")})
        if (*path && !(*path)->starts_with('/'))
            return fail(std::string(option) + " " + escape_path(**path),
                        "must be an absolute path");
    return {};
}

/// What would be found only when it is used.
Result<void> check_words(const WatchConfig &config) {
    if (!is_log_facility(config.log_facility))
        return fail("LogFacility " + escape_path(config.log_facility), "there is no such one");
    if (auto mode = config.socket_mode(); !mode)
        return std::unexpected(mode.error());
    return {};
}

/// Accounts that this machine does not have. The daemon then runs all the same, as an account of
/// our own, with nobody but root let in: better than no protection, and never more open than asked
/// for.
Result<void> check_accounts(const WatchConfig &config, std::vector<std::string> &warnings) {
    const bool root = ::geteuid() == 0;
    if (config.user && root) {
        const auto account = find_account(*config.user);
        if (!account)
            return std::unexpected(account.error());
        if (!*account)
            warnings.push_back("User " + escape_path(*config.user) +
                               ": there is no such account here: one of our own takes its place, "
                               "and only root may connect");
    }
    if (config.local_socket_group &&
        ::getgrnam(config.local_socket_group->c_str()) == nullptr) // NOLINT(concurrency-mt-unsafe)
        warnings.push_back("LocalSocketGroup " + escape_path(*config.local_socket_group) +
                           ": there is no such group here: only " +
                           (root ? "root" : "who runs this") + " may connect");
    return {};
}

/// Options that are known, since users' files have them, and do nothing: nobody shall rely on one.
void warn_of_no_effect(const WatchConfig &config, std::vector<std::string> &warnings) {
    static const WatchConfig untouched;
    const auto warn = [&warnings](bool is_set, const char *option, const char *why) {
        if (is_set)
            warnings.push_back(std::string(option) + " has no effect: " + why);
    };
    warn(config.disable_ddd, "OnAccessDisableDDD", "whole file systems are watched");
    warn(config.curl_timeout != untouched.curl_timeout, "OnAccessCurlTimeout",
         "there is no connection between gate and scanner; see OnAccessDeadline");
    warn(config.on_access_retries != untouched.on_access_retries, "OnAccessRetryAttempts",
         "a scan whose worker died is tried once more in any case");
    warn(config.stream_min_port != untouched.stream_min_port, "StreamMinPort",
         "there is no STREAM command");
    warn(config.stream_max_port != untouched.stream_max_port, "StreamMaxPort",
         "there is no STREAM command");
    warn(config.exit_on_oom, "ExitOnOOM", "a worker that runs out of memory is replaced");
    warn(config.scan_partial_messages, "ScanPartialMessages",
         "parts of messages are not put together here");
    warn(config.prelude, "PreludeEnable", "there is no support for Prelude");
    warn(config.collect_hashes, "DevCollectHashes", "it is for developers of ClamAV");
    warn(config.liblog, "DevLiblog", "it is for developers of ClamAV");
}

} // namespace

Result<mode_t> WatchConfig::socket_mode() const {
    constexpr mode_t everybody = 0666;
    if (!local_socket_mode)
        return everybody;
    mode_t mode = 0;
    for (const char c : *local_socket_mode) {
        if (c < '0' || c > '7' || mode > 0777)
            return fail("LocalSocketMode " + escape_path(*local_socket_mode),
                        "is no mode in octal digits");
        mode = mode * 8 + static_cast<mode_t>(c - '0');
    }
    return mode & everybody;
}

Result<void> settle(WatchConfig &config, std::vector<std::string> &warnings) {
    if (auto done = settle_engine(config); !done)
        return done;
    if (auto done = settle_events(config); !done)
        return done;
    if (auto done = check_paths(config); !done)
        return done;
    if (auto done = check_words(config); !done)
        return done;
    if (auto done = check_accounts(config, warnings); !done)
        return done;
    warn_of_no_effect(config, warnings);
    return settle_exclusions(config, warnings);
}

} // namespace hostav
