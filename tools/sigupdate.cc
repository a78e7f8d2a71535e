// SPDX-License-Identifier: GPL-2.0-only
//
// sigupdate: keeps ClamAV's signatures current, as freshclam does, proven before they go live.
// Glue: options, wiring, one place that prints an error.
#include "base/account.h"
#include "base/daemon.h"
#include "base/log_file.h"
#include "base/text.h"
#include "engine/database.h"
#include "update/aftermath.h"
#include "update/allow_run.h"
#include "update/due.h"
#include "update/listing.h"
#include "update/options.h"
#include "update/resident.h"
#include "update/run.h"
#include "update/set_archive.h"

#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace {

using namespace hostav;

constexpr const char *usage_head = R"(Usage: sigupdate [options]
Keeps ClamAV's signatures current; reads freshclam's configuration.
)";
constexpr const char *usage_tail = R"(
Booleans take =yes or =no. Exit status: 0 up to date or updated, 2 to 20 as in sigupdate(8).

Examples:
  sigupdate --allow=/srv/app/worker --reason='false alarm' --expires=30d
  sigupdate                                    one update
  sigupdate -d -F -c 4                         resident, four checks a day
  sigupdate --list; sigupdate --rollback       back to the set before
  sigupdate --export=- | ssh host sigupdate --import=-
  sigupdate --quiet --json | jq .result
)";

int complain(const Error &error, UpdateStatus status) {
    std::fprintf(stderr, "sigupdate: %s\n", error.text().c_str());
    return static_cast<int>(status);
}

void print(const std::string &text) {
    std::fputs(text.c_str(), stdout);
}

/// Root acts as DatabaseOwner from here on.
Result<std::optional<Account>> change_account(const UpdateConfig &config) {
    if (::geteuid() != 0)
        return std::nullopt;
    auto account = find_account(config.database_owner);
    if (!account)
        return account;
    if (!*account)
        return fail("DatabaseOwner " + escape_path(config.database_owner),
                    "there is no such account");
    if ((*account)->uid == 0)
        return std::nullopt;
    if (auto acting = act_as(**account); !acting)
        return std::unexpected(acting.error());
    return account;
}

/// Who asks, for the record: the person behind sudo, else the account.
std::string who() {
    const char *sudo = std::getenv("SUDO_USER"); // NOLINT(concurrency-mt-unsafe)
    if (sudo != nullptr && *sudo != '\0')
        return sudo;
    return "uid " + std::to_string(::getuid());
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

using Run = std::function<RunResult()>;

/// One run of whatever changes the live set, with everything that follows it.
UpdateStatus run_once(Session &session, const UpdateOptions &options, const Run &run) {
    const auto start = std::chrono::steady_clock::now();
    const auto result = run();
    const auto status = tell_of(session, result, options.strict);
    if (options.json) {
        session.bar.clear();
        print(json_line(result, status, seconds_since(start)) + "\n");
        std::fflush(stdout);
    }
    return status;
}

UpdateStatus update(Session &session, const UpdateOptions &options) {
    if (options.if_due && !is_due(session.places, session.config.checks, std::time(nullptr))) {
        session.messages.verbose("The last check is younger than 24 h / Checks: nothing to do.");
        return run_once(session, options, [&session] {
            RunResult result;
            result.not_due = true;
            result.live = read_current(session.places);
            return result;
        });
    }
    session.messages.info("ClamAV update process started at " + log_time(std::time(nullptr)));
    // One database that somebody asked for by hand is no reason to leave the others out.
    const bool counts = options.if_due || options.daemon || options.databases.empty();
    return run_once(session, options, [&] {
        auto result = run_update(session, options.databases);
        if (counts)
            note_check(session, result);
        return result;
    });
}

UpdateStatus stay_and_update(Session &session, const UpdateOptions &options) {
    ResidentOptions resident;
    resident.checks = session.config.checks;
    resident.since_last_check = since_last_check(session.places, std::time(nullptr));
    auto status = UpdateStatus::ok;
    stay(session, resident, [&] {
        status = update(session, options);
        // As freshclam does: who is forbidden to come does not come again.
        return status != UpdateStatus::forbidden && session.signals.pending() == 0;
    });
    session.messages.info("Update process terminated");
    return status == UpdateStatus::forbidden ? status : UpdateStatus::ok;
}

UpdateStatus answer(Session &session, const Result<std::string> &text) {
    if (!text) {
        session.messages.error(text.error().text());
        return UpdateStatus::file;
    }
    print(*text);
    return UpdateStatus::ok;
}

UpdateStatus export_live(Session &session, const std::string &file) {
    const auto current = read_current(session.places);
    auto live = read_database_set(session.places.database_fd(), {&current});
    if (live) {
        live->installed = current.installed;
        const AsRoot root; // where the administrator wants it, we may not write
        if (const auto done = export_set(session.places.database_fd(), *live, file); !done)
            live = std::unexpected(done.error());
    }
    if (live)
        return UpdateStatus::ok;
    session.messages.error(live.error().text());
    return UpdateStatus::file;
}

UpdateStatus act(Session &session, const UpdateOptions &options) {
    const auto &argument = options.argument;
    switch (options.action) {
    case UpdateAction::list: {
        if (!options.json)
            return answer(session, list_sets(session.places));
        auto line = list_sets_json(session.places);
        return answer(session, line ? Result<std::string>(*line + "\n") : line);
    }
    case UpdateAction::list_allowed: {
        const auto list = read_allowed(session.places);
        return answer(session, list ? Result<std::string>(allowed_text(*list, options.json))
                                    : Result<std::string>(std::unexpected(list.error())));
    }
    case UpdateAction::allow:
        return run_allow(session, {argument, options.reason.value_or(""), who(), options.expires});
    case UpdateAction::disallow:
        return run_disallow(session, argument);
    case UpdateAction::export_set:
        return export_live(session, argument);
    case UpdateAction::rollback:
        return run_once(session, options, [&] { return run_rollback(session, options.back); });
    case UpdateAction::hold:
        return run_once(session, options, [&] { return run_hold(session, argument); });
    case UpdateAction::unhold:
        return run_once(session, options, [&] { return run_release(session, argument); });
    case UpdateAction::import_set:
        return run_once(session, options, [&] { return run_import(session, argument); });
    default:
        return options.daemon ? stay_and_update(session, options) : update(session, options);
    }
}

int run_session(const UpdateConfig &config, const UpdateOptions &options,
                const std::vector<std::string> &warnings) {
    const bool background = options.daemon && !config.foreground;
    // Before root is given up: a directory of pid files is root's.
    if (background)
        if (auto gone = go_to_background(); !gone)
            return complain(gone.error(), UpdateStatus::error);
    std::optional<PidFile> pid_file;
    if (options.daemon && config.pid_file) {
        auto written = PidFile::write(*config.pid_file);
        if (!written)
            return complain(written.error(), UpdateStatus::file);
        pid_file.emplace(std::move(*written));
    }
    const auto account = change_account(config);
    if (!account)
        return complain(account.error(), UpdateStatus::init);
    auto places = Places::open(config.database_directory, config.state_directory);
    if (!places)
        return complain(places.error(), UpdateStatus::database_access);
    auto messages = Messages::open(log_options(config),
                                   {options.quiet, options.verbose, options.debug || config.debug,
                                    options.no_warnings, options.to_stdout, background});
    if (!messages)
        return complain(messages.error(), UpdateStatus::logging);
    auto signals = Signals::watch(options.daemon ? std::vector<int>{SIGHUP, SIGUSR1, SIGALRM}
                                                 : std::vector<int>{});
    if (!signals)
        return complain(signals.error(), UpdateStatus::error);
    DownloadBar bar(STDOUT_FILENO, !options.quiet && !background, options.show_progress);
    messages->set_terminal_guard([](void *drawn) { static_cast<DownloadBar *>(drawn)->clear(); },
                                 &bar);
    for (const auto &warning : warnings)
        messages->warning(warning);
    const char *bundle = std::getenv("CURL_CA_BUNDLE"); // NOLINT(concurrency-mt-unsafe)
    Session session{config,
                    std::move(*places),
                    std::move(*messages),
                    bar,
                    *signals,
                    *account,
                    options.no_dns,
                    options.verbose,
                    options.debug || config.debug,
                    bundle == nullptr ? "" : bundle};
    const auto status = act(session, options);
    if (const int signal = signals->pending(); signal != 0 && !options.daemon)
        die_by(signal);
    return static_cast<int>(status);
}

int run(int argc, char **argv) {
    UpdateOptions options;
    std::vector<std::string> warnings;
    std::string help;
    if (const auto parsed = parse_update_options(argc, argv, options, warnings, help); !parsed)
        return complain(parsed.error(), UpdateStatus::init); // freshclam's status for it
    if (options.help) {
        print(usage_head + help + usage_tail);
        return 0;
    }
    auto config = read_update_config(options.config_file, warnings);
    if (!config && !options.version)
        return complain(config.error(), UpdateStatus::init);
    if (!config)
        config = UpdateConfig{};
    apply_options(options, *config);
    if (options.version) {
        print(engine_and_database_version(config->database_directory) + "\nhostav sigupdate " +
              HOSTAV_VERSION + "\n");
        return 0;
    }
    if (options.action == UpdateAction::check_config) {
        print(config_text(*config));
        return 0;
    }
    if (options.action == UpdateAction::list_mirrors) {
        std::fputs("WARNING: Deprecated option --list-mirrors: there are no mirrors to list\n",
                   stderr);
        return 0;
    }
    if (const auto known = check_update(options, *config); !known)
        return complain(known.error(), UpdateStatus::config);
    return run_session(*config, options, warnings);
}

} // namespace

int main(int argc, char **argv) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    const int status = run(argc, argv);
    std::fflush(stdout);
    return status;
}
