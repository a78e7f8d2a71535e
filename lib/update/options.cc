// SPDX-License-Identifier: GPL-2.0-only
#include "update/options.h"

#include "base/text.h"
#include "conf/command_line.h"

#include <algorithm>
#include <array>

namespace hostav {

namespace {

constexpr std::uint64_t most_checks = 50; ///< a day; the mirrors take more for abuse

/// Actions in the form the command line gives them.
struct Raw {
    bool list = false, list_allowed = false, check_config = false, list_mirrors = false;
    std::optional<std::string> rollback, hold, unhold, allow, disallow, export_set, import_set;
    std::optional<std::string> proof_memory;
};

void declare_actions(CommandLine &line, Raw &raw, UpdateOptions &options) {
    line.group("Instead of an update");
    line.text("allow", 0, raw.allow, "WHAT", "Never report FILE, SHA256:SIZE or SIGNATURE again");
    line.text("reason", 0, options.reason, "TEXT", "Why it is allowed");
    line.text("expires", 0, options.expires, "WHEN", "Until when: 30d, 12h, 2026-12-31");
    line.text("disallow", 0, raw.disallow, "WHAT", "Take that back");
    line.flag("list-allowed", 0, raw.list_allowed, "Show what is allowed");
    line.flag("list", 0, raw.list, "Show the live set and the kept ones");
    line.optional_text("rollback", 0, raw.rollback, "1", "N",
                       "Back to the set before, or N before");
    line.text("hold", 0, raw.hold, "DB=VERSION", "Keep a database at a version");
    line.text("unhold", 0, raw.unhold, "DB", "Update it again");
    line.text("export", 0, raw.export_set, "FILE",
              "Write the live set as one archive; - is stdout");
    line.text("import", 0, raw.import_set, "FILE", "Install such an archive; - is stdin");
    line.flag("check-config", 0, raw.check_config, "Show the configuration in effect");
    line.flag("list-mirrors", 0, raw.list_mirrors, "Does nothing any more, as in freshclam");
    line.flag("help", 'h', options.help, "Show this help");
    line.flag("version", 'V', options.version, "Show the versions");
}

void declare_update(CommandLine &line, Raw &raw, UpdateOptions &options) {
    line.group("The update");
    line.text("config-file", 0, options.config_file, "FILE", "Read this configuration");
    line.text("datadir", 0, options.data_directory, "DIR", "The database directory");
    line.texts("update-db", 0, options.databases, "DB", "Only this database; may be repeated");
    line.flag("no-dns", 0, options.no_dns, "Do not ask DNS for the newest version");
    line.flag("if-due", 0, options.if_due, "Only 24 h / Checks after the last check");
    line.text("user", 'u', options.user, "USER", "The account that the databases belong to");
    // Not in freshclam's --help either.
    line.flag("log-rotate", 0, options.log_rotate, nullptr);
    line.text("local-address", 'a', options.local_address, "IP", "The address to download from");
    line.text("state-dir", 0, options.state_directory, "DIR", "Keep sets and records there");
    line.text("serve-dir", 0, options.serve_directory, "DIR", "Keep DIR fit to be a mirror");
    line.text("proof-memory", 0, raw.proof_memory, "SIZE", "Memory that the proof may use");
    line.texts("vital-dir", 0, options.vital_directories, "DIR",
               "No file in DIR may be condemned; may be repeated");
    line.group("Staying resident");
    line.flag("daemon", 'd', options.daemon, "Stay, and check again and again");
    line.flag("foreground", 'F', options.foreground, "Do not go to the background");
    line.number("checks", 'c', options.checks, 1, most_checks, "N", "Checks a day [12]");
    line.text("pid", 'p', options.pid_file, "FILE", "Write the process id to FILE");
}

void declare_output(CommandLine &line, UpdateOptions &options) {
    line.group("Telling others");
    line.optional_text("daemon-notify", 0, options.notify_clamd, "/etc/clamav/clamd.conf", "FILE",
                       "Have clamd load what is new");
    line.text("on-update-execute", 0, options.on_update_execute, "COMMAND", "After an update");
    line.text("on-error-execute", 0, options.on_error_execute, "COMMAND", "After an error");
    line.text("on-outdated-execute", 0, options.on_outdated_execute, "COMMAND",
              "When there is a newer ClamAV");
    line.group("Output");
    line.flag("json", 0, options.json, "End with one line for programs");
    line.flag("strict", 0, options.strict, "Exit status 18 when a cool-down kept us from looking");
    line.text("log", 'l', options.log_file, "FILE", "Append to FILE");
    line.flag("quiet", 'q', options.quiet, "Only error messages");
    line.flag("verbose", 'v', options.verbose, "Say more");
    line.flag("debug", 0, options.debug, "Say everything");
    line.flag("no-warnings", 0, options.no_warnings, "No warnings");
    line.flag("show-progress", 0, options.show_progress, "Progress without a terminal, too");
    line.flag("stdout", 0, options.to_stdout, "Messages to stdout instead of stderr");
}

Result<void> choose_action(const Raw &raw, UpdateOptions &options) {
    unsigned chosen = 0;
    const auto choose = [&](bool given, UpdateAction action, const std::string &argument) {
        if (!given)
            return;
        options.action = action;
        options.argument = argument;
        ++chosen;
    };
    const auto text = [&](const std::optional<std::string> &given, UpdateAction action) {
        choose(given.has_value(), action, given.value_or(""));
    };
    choose(raw.list, UpdateAction::list, "");
    choose(raw.list_allowed, UpdateAction::list_allowed, "");
    choose(raw.check_config, UpdateAction::check_config, "");
    choose(raw.list_mirrors, UpdateAction::list_mirrors, "");
    text(raw.rollback, UpdateAction::rollback);
    text(raw.hold, UpdateAction::hold);
    text(raw.unhold, UpdateAction::unhold);
    text(raw.allow, UpdateAction::allow);
    text(raw.disallow, UpdateAction::disallow);
    text(raw.export_set, UpdateAction::export_set);
    text(raw.import_set, UpdateAction::import_set);
    if (chosen > 1)
        return fail("", "only one of --allow, --disallow, --list-allowed, --list, --rollback, "
                        "--hold, --unhold, --export, --import, --check-config and --list-mirrors "
                        "at a time");
    if ((options.reason || options.expires) && options.action != UpdateAction::allow)
        return fail(options.reason ? "--reason" : "--expires", "goes with --allow only");
    if (options.if_due && (options.daemon || options.action != UpdateAction::update))
        return fail("--if-due", "goes with a single update only");
    return {};
}

/// `--rollback 2` as well as `--rollback=2`.
Result<void> read_back(std::vector<std::string> &arguments, UpdateOptions &options) {
    if (options.action != UpdateAction::rollback)
        return {};
    if (arguments.size() == 1) {
        options.argument = arguments.front();
        arguments.clear();
    }
    constexpr std::uint64_t most = 1000;
    const auto back = parse_number(options.argument);
    if (!back || *back == 0 || *back > most)
        return fail("--rollback " + escape_path(options.argument), "not a number from 1 to 1000");
    options.back = static_cast<std::size_t>(*back);
    return {};
}

template <typename From, typename To>
void over(const From &from, To &to) {
    if (from)
        to = *from;
}

} // namespace

Result<void> parse_update_options(int argc, char **argv, UpdateOptions &options,
                                  std::vector<std::string> &warnings, std::string &help) {
    CommandLine line;
    Raw raw;
    declare_actions(line, raw, options);
    declare_update(line, raw, options);
    declare_output(line, options);
    help = line.help();
    auto arguments = line.parse(argc, argv);
    warnings = line.warnings();
    if (!arguments)
        return std::unexpected(arguments.error());
    if (options.help || options.version)
        return {};
    if (auto chosen = choose_action(raw, options); !chosen)
        return chosen;
    if (auto read = read_back(*arguments, options); !read)
        return read;
    if (raw.proof_memory) {
        options.proof_memory = parse_size(*raw.proof_memory);
        if (!options.proof_memory)
            return fail("--proof-memory=" + escape_path(*raw.proof_memory),
                        "not a size in bytes, or with K, M or G");
    }
    if (!arguments->empty())
        return fail(escape_path(arguments->front()), "unexpected argument");
    return {};
}

void apply_options(const UpdateOptions &options, UpdateConfig &config) {
    over(options.data_directory, config.database_directory);
    over(options.user, config.database_owner);
    over(options.checks, config.checks);
    over(options.proof_memory, config.proof_memory);
    over(options.pid_file, config.pid_file);
    over(options.log_file, config.update_log_file);
    over(options.notify_clamd, config.notify_clamd);
    over(options.on_update_execute, config.on_update_execute);
    over(options.on_error_execute, config.on_error_execute);
    over(options.on_outdated_execute, config.on_outdated_execute);
    over(options.local_address, config.local_ip_address);
    over(options.state_directory, config.state_directory);
    over(options.serve_directory, config.serve_directory);
    config.foreground = config.foreground || options.foreground;
    config.log_rotate = config.log_rotate || options.log_rotate;
    config.vital_directories.insert(config.vital_directories.end(),
                                    options.vital_directories.begin(),
                                    options.vital_directories.end());
    // A mirror needs the whole signed files, and a .cld that was patched here is not signed.
    if (config.serve_directory)
        config.scripted_updates = false;
}

Result<void> check_database_names(const std::vector<std::string> &names) {
    static constexpr std::array known{"daily", "main",     "bytecode", "safebrowsing",
                                      "test",  "valhalla", "custom"};
    for (const auto &name : names)
        if (std::ranges::find(known, name) == known.end())
            return fail("--update-db=" + escape_path(name), "there is no such database");
    return {};
}

Result<void> check_update(const UpdateOptions &options, const UpdateConfig &config) {
    if (auto known = check_database_names(options.databases); !known)
        return known;
    if (config.custom_urls.empty() && std::ranges::count(options.databases, "custom") != 0)
        return fail("--update-db=custom", "no DatabaseCustomURL is configured");
    // Else one run does not look at it. With DNS a check costs the mirrors nothing, so freshclam
    // takes any number then; more than one a second would leave no wait between two.
    constexpr std::uint64_t one_a_second = 86400;
    const auto most = options.no_dns ? most_checks : one_a_second;
    if ((options.daemon || options.if_due) && (config.checks == 0 || config.checks > most))
        return fail("Checks " + std::to_string(config.checks),
                    "not a number from 1 to " + std::to_string(most));
    return {};
}

} // namespace hostav
