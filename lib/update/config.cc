// SPDX-License-Identifier: GPL-2.0-only
//
// One table says which options there are; reading, defaults and --check-config follow it.
#include "update/config.h"

#include "base/text.h"
#include "conf/clam_conf.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <variant>

namespace hostav {

namespace {

using Field = std::variant<bool UpdateConfig::*, std::uint64_t UpdateConfig::*,
                           std::optional<std::uint64_t> UpdateConfig::*,
                           std::string UpdateConfig::*, std::optional<std::string> UpdateConfig::*,
                           std::vector<std::string> UpdateConfig::*>;

struct Entry {
    const char *name;
    Field field;
    bool size = false;              ///< K, M and G are understood
    const char *bare = nullptr;     ///< the value of the option without one
    std::uint64_t most = INT32_MAX; ///< of a number, as freshclam's own are
};

using C = UpdateConfig;
constexpr std::uint64_t any = UINT64_MAX;

/// In clamconf's order, ours after freshclam's.
const std::vector<Entry> &entries() {
    static const std::vector<Entry> table{
        {"LogFileMaxSize", &C::log_file_max_size, true, nullptr, any},
        {"LogTime", &C::log_time},
        {"LogSyslog", &C::log_syslog},
        {"LogFacility", &C::log_facility},
        {"LogVerbose", &C::log_verbose},
        {"LogRotate", &C::log_rotate},
        {"PidFile", &C::pid_file},
        {"DatabaseDirectory", &C::database_directory},
        {"Foreground", &C::foreground},
        {"Debug", &C::debug},
        {"UpdateLogFile", &C::update_log_file},
        {"DatabaseOwner", &C::database_owner},
        {"Checks", &C::checks},
        {"DNSDatabaseInfo", &C::dns_database_info},
        {"DatabaseMirror", &C::database_mirrors},
        {"PrivateMirror", &C::private_mirrors},
        {"MaxAttempts", &C::max_attempts},
        {"ScriptedUpdates", &C::scripted_updates},
        {"TestDatabases", &C::test_databases},
        {"CompressLocalDatabase", &C::compress_local_database},
        {"ExtraDatabase", &C::extra_databases},
        {"ExcludeDatabase", &C::exclude_databases},
        {"DatabaseCustomURL", &C::custom_urls},
        {"HTTPProxyServer", &C::proxy_server},
        {"HTTPProxyPort", &C::proxy_port},
        {"HTTPProxyUsername", &C::proxy_username},
        {"HTTPProxyPassword", &C::proxy_password},
        {"HTTPUserAgent", &C::user_agent},
        {"NotifyClamd", &C::notify_clamd, false, "/etc/clamav/clamd.conf"},
        {"OnUpdateExecute", &C::on_update_execute},
        {"OnErrorExecute", &C::on_error_execute},
        {"OnOutdatedExecute", &C::on_outdated_execute},
        {"LocalIPAddress", &C::local_ip_address},
        {"ConnectTimeout", &C::connect_timeout},
        {"ReceiveTimeout", &C::receive_timeout},
        {"Bytecode", &C::bytecode},
        {"VitalFile", &C::vital_files},
        {"VitalDirectory", &C::vital_directories},
        {"ProofMemory", &C::proof_memory, true, nullptr, any},
        {"ProofTimeout", &C::proof_timeout},
        {"KeepSets", &C::keep_sets},
        {"MaxAge", &C::max_age},
        {"CustomMaxSize", &C::custom_max_size, true, nullptr, any},
        {"StateDirectory", &C::state_directory},
        {"ServeDirectory", &C::serve_directory},
    };
    return table;
}

constexpr std::array deprecated{"SafeBrowsing", "AllowSupplementaryGroups"};

/// How a value gets into a field of each type; false when it is not one.
struct Reader {
    UpdateConfig &config;
    const Entry &entry;
    const std::string &value;

    [[nodiscard]] std::optional<std::uint64_t> number() const {
        const auto parsed = entry.size ? parse_size(value) : parse_number(value);
        return parsed && *parsed <= entry.most ? parsed : std::nullopt;
    }
    bool operator()(bool C::*field) const {
        const auto parsed = parse_bool(value);
        if (parsed)
            config.*field = *parsed;
        return parsed.has_value();
    }
    bool operator()(std::uint64_t C::*field) const {
        const auto parsed = number();
        if (parsed)
            config.*field = *parsed;
        return parsed.has_value();
    }
    bool operator()(std::optional<std::uint64_t> C::*field) const {
        const auto parsed = number();
        if (parsed)
            config.*field = parsed;
        return parsed.has_value();
    }
    bool operator()(std::string C::*field) const {
        config.*field = value;
        return true;
    }
    bool operator()(std::optional<std::string> C::*field) const {
        config.*field = value;
        return true;
    }
    bool operator()(std::vector<std::string> C::*field) const {
        (config.*field).push_back(value);
        return true;
    }
};

/// `"a", "b"`, or nothing where clamconf says `disabled`.
struct Printer {
    const UpdateConfig &config;

    static std::string quoted(const std::string &value) { return '"' + escape_path(value) + '"'; }
    std::string operator()(bool C::*field) const {
        return config.*field ? quoted("yes") : std::string();
    }
    std::string operator()(std::uint64_t C::*field) const {
        return quoted(std::to_string(config.*field));
    }
    std::string operator()(std::optional<std::uint64_t> C::*field) const {
        return config.*field ? quoted(std::to_string(*(config.*field))) : std::string();
    }
    std::string operator()(std::string C::*field) const { return quoted(config.*field); }
    std::string operator()(std::optional<std::string> C::*field) const {
        return config.*field ? quoted(*(config.*field)) : std::string();
    }
    std::string operator()(std::vector<std::string> C::*field) const {
        std::string joined;
        for (const auto &value : config.*field)
            joined += (joined.empty() ? "" : ", ") + quoted(value);
        return joined;
    }
};

Result<void> apply(UpdateConfig &config, const ConfLine &line, std::set<std::string> &seen,
                   std::vector<std::string> &warnings) {
    const auto where = escape_path(config.file) + ":" + std::to_string(line.line);
    const auto shown = escape_path(line.option);
    if (line.option == "Example")
        return fail(where, "the example configuration has to be edited first (Example)");
    if (std::ranges::find(deprecated, line.option) != deprecated.end()) {
        warnings.push_back("Ignoring deprecated option " + shown + " at " + where);
        return {};
    }
    const auto entry = std::ranges::find_if(
        entries(), [&line](const Entry &known) { return line.option == known.name; });
    if (entry == entries().end())
        return fail(where, "unknown option " + shown);
    const auto value =
        line.value.empty() && entry->bare != nullptr ? std::string(entry->bare) : line.value;
    if (value.empty())
        return fail(where, shown + " needs a value");
    const bool repeatable = std::holds_alternative<std::vector<std::string> C::*>(entry->field);
    // A wrong value is wrong even where an earlier one counts.
    UpdateConfig ignored;
    const bool counts = seen.insert(line.option).second || repeatable;
    if (!std::visit(Reader{counts ? config : ignored, *entry, value}, entry->field))
        return fail(where, shown + " " + escape_path(value) + ": is no value for it");
    return {};
}

} // namespace

const std::vector<std::string> &standard_config_files() {
    static const std::vector<std::string> files{"/etc/hostav/sigupdate.conf", "/etc/freshclam.conf",
                                                "/etc/clamav/freshclam.conf"};
    return files;
}

Result<UpdateConfig> read_update_config(const std::optional<std::string> &file,
                                        std::vector<std::string> &warnings,
                                        const std::vector<std::string> &files) {
    UpdateConfig config;
    if (file)
        config.file = *file;
    else if (const auto found = std::ranges::find_if(
                 files, [](const auto &path) { return ::access(path.c_str(), F_OK) == 0; });
             found != files.end())
        config.file = *found;
    if (config.file.empty()) {
        config.database_mirrors = {"database.clamav.net"};
        return config;
    }
    const auto lines = read_clam_conf(config.file);
    if (!lines)
        return std::unexpected(lines.error());
    std::set<std::string> seen;
    for (const auto &line : *lines)
        if (auto applied = apply(config, line, seen, warnings); !applied)
            return std::unexpected(applied.error());
    // As freshclam does.
    struct stat st = {};
    constexpr mode_t others = S_IRWXG | S_IRWXO;
    if (config.proxy_password && ::stat(config.file.c_str(), &st) == 0 &&
        (st.st_mode & others) != 0)
        return fail(escape_path(config.file),
                    "holds HTTPProxyPassword and must have no more permissions than 0700");
    return config;
}

std::string config_text(const UpdateConfig &config) {
    const UpdateConfig defaults;
    const auto head = "Config file: " +
                      (config.file.empty() ? "none, these are defaults" : escape_path(config.file));
    std::string text = head + "\n" + std::string(head.size(), '-') + "\n";
    for (const auto &entry : entries()) {
        auto value = std::visit(Printer{config}, entry.field);
        const bool is_default = value == std::visit(Printer{defaults}, entry.field);
        if (std::string_view(entry.name) == "HTTPProxyPassword" && !value.empty())
            value = "\"***\""; // this goes into tickets and mails
        text += entry.name + (value.empty() ? " disabled" : " = " + value) +
                (is_default ? " # default\n" : "\n");
    }
    return text;
}

} // namespace hostav
