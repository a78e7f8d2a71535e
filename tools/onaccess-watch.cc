// SPDX-License-Identifier: GPL-2.0-only
//
// onaccess-watch: blocks infected files before they are read, and is the resident engine behind
// clamd's socket. Glue: options, wiring, one place that prints an error.
#include "base/daemon.h"
#include "base/log_file.h"
#include "base/resources.h"
#include "base/text.h"
#include "engine/cage.h"
#include "engine/database.h"
#include "watch/ask.h"
#include "watch/fanotify_group.h"
#include "watch/options.h"
#include "watch/supervisor.h"

#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace hostav;

constexpr int exit_error = 1; // clamd's
constexpr int exit_not_good = 1;
constexpr int exit_not_running = 3;
constexpr int exit_no_pong = 21; // clamdscan's and clamonacc's

constexpr const char *usage_head = R"(Usage: onaccess-watch [options]
Blocks infected files when they are opened; reads clamd.conf and answers on clamd's socket.
)";
constexpr const char *usage_tail = R"(
What clamd takes of clamd.conf(5) on its command line (--max-filesize=50M) is taken here, too.
Exit status: 0 ended as asked, 1 an error; --status: 0 good, 1 not good, 3 not running;
--ping: 0 PONG, 21 no answer.

Examples:
  onaccess-watch -c /etc/clamd.d/scan.conf     in the foreground
  onaccess-watch --check-config                what is in effect
  onaccess-watch --status || echo 'not protected' | mail -s hostav root
  onaccess-watch --status --json | jq .blocks
  clamdscan --fdpass FILE; scan FILE           both use the engine that is loaded
)";

int complain(const Error &error, int status = exit_error) {
    std::fprintf(stderr, "onaccess-watch: %s\n", error.text().c_str());
    return status;
}

void print(const std::string &text) {
    std::fputs(text.c_str(), stdout);
}

int show_status(const WatchConfig &config, bool json) {
    const auto status = ask_status(config, json);
    if (!status)
        return complain({"not running", status.error().text()}, exit_not_running);
    print(status->text);
    return status->good ? 0 : exit_not_good;
}

int ping(const WatchConfig &config, const WatchOptions &options) {
    for (std::uint64_t i = 0; i < options.ping_attempts; ++i) {
        if (i > 0)
            std::this_thread::sleep_for(std::chrono::seconds(options.ping_interval));
        if (answers_ping(config)) {
            print("PONG\n");
            return 0;
        }
    }
    return complain({"ping", "no answer"}, exit_no_pong);
}

/// Whom the door runs as: User, or our own account where this machine has no such one; then only
/// who runs this may connect. Nothing: as we are.
struct Owner {
    std::optional<Account> account;
    bool as_configured = true;
};

Result<Owner> find_owner(const WatchConfig &config) {
    Owner owner;
    if (::geteuid() != 0)
        return owner;
    if (!config.user)
        return owner;
    auto account = find_account(*config.user);
    if (!account)
        return std::unexpected(account.error());
    if (*account) {
        owner.account = std::move(*account);
        return owner;
    }
    Account own;
    if (auto found = cage_account(own.uid, own.gid); !found)
        return std::unexpected(found.error());
    own.name = "our own account"; // settle() has warned of it
    owner.account = own;
    owner.as_configured = false;
    return owner;
}

/// Everything that an event could be asked for, before minutes are spent on signatures.
Result<void> check_privileges(const WatchConfig &config) {
    if (!config.watches()) {
        if (!config.local_socket && !config.tcp_socket)
            return fail(escape_path(config.file), "neither OnAccessIncludePath nor LocalSocket nor "
                                                  "TCPSocket: there is nothing to do");
        return {};
    }
    const auto group =
        FanotifyGroup::create({config.gate_open, config.gate_exec, config.prevention});
    if (!group)
        return std::unexpected(group.error());
    if (!config.gate_open && !config.gate_exec && !config.scan_close_write)
        return fail("OnAccessEvents", "names no access");
    return {};
}

void say_hello(const WatchConfig &config, Messages &messages) {
    utsname machine{};
    ::uname(&machine);
    messages.info("+++ Started at " + log_time(std::time(nullptr)));
    messages.info("clamd daemon " + Engine::version() +
                  " (OS: " + static_cast<const char *>(machine.sysname) +
                  ", ARCH: " + static_cast<const char *>(machine.machine) +
                  ", CPU: " + static_cast<const char *>(machine.machine) + ")");
    messages.info(std::string("hostav onaccess-watch ") + HOSTAV_VERSION);
    if (config.log_file)
        messages.info(config.log_file_max_size == 0
                          ? std::string("Log file size limit disabled.")
                          : "Log file size limited to " + std::to_string(config.log_file_max_size) +
                                " bytes.");
}

/// From the log to the end, in the foreground or behind it.
int serve(const WatchConfig &config, const WatchOptions &options,
          const std::vector<std::string> &warnings) {
    if (auto allowed = check_privileges(config); !allowed)
        return complain(allowed.error());
    if (options.daemon)
        if (auto gone = go_to_background(); !gone)
            return complain(gone.error());
    auto messages =
        Messages::open(config.log_options(), {options.quiet, options.verbose, config.debug, false,
                                              false, options.daemon});
    if (!messages)
        return complain(messages.error());
    say_hello(config, *messages);
    for (const auto &warning : warnings)
        messages->warning(warning);
    std::optional<PidFile> pid_file;
    if (config.pid_file) {
        auto written = PidFile::write(*config.pid_file);
        if (!written)
            return complain(written.error());
        pid_file.emplace(std::move(*written));
    }
    auto actions = Actions::prepare(options.action(config), options.action_directory(config));
    if (!actions)
        return complain(actions.error());
    const auto owner = find_owner(config);
    if (!owner)
        return complain(owner.error());
    const Account ourselves{"", ::geteuid(), ::getegid(), {}};
    const Account *socket_owner = !owner->as_configured ? nullptr
                                  : owner->account      ? &*owner->account
                                                        : &ourselves;
    auto listeners = Listeners::bind(
        config, socket_owner, [&messages](const std::string &line) { messages->info(line); });
    if (!listeners)
        return complain(listeners.error());
    auto signals = Signals::watch({SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD});
    if (!signals)
        return complain(signals.error());
    const auto ended = Supervisor({config, *messages, *signals, *listeners, owner->account,
                                   options.action(config) == Action::none ? nullptr : &*actions})
                           .run();
    if (!ended)
        messages->log_only(Severity::error, ended.error().text());
    messages->info("--- Stopped at " + log_time(std::time(nullptr)));
    if (listeners->remove())
        messages->info("Socket file removed.");
    return ended ? 0 : complain(ended.error());
}

int run(int argc, char **argv) {
    WatchOptions options;
    WatchConfig config;
    std::vector<std::string> warnings;
    std::string help;
    const auto parsed = parse_watch_options(argc, argv, options, config, warnings, help);
    if (!parsed)
        return complain(parsed.error());
    if (options.help) {
        print(usage_head + help + usage_tail);
        return 0;
    }
    if (options.version) {
        print(engine_and_database_version(config.database_directory) + "\nhostav onaccess-watch " +
              HOSTAV_VERSION + "\n");
        return 0;
    }
    if (options.check_config) {
        for (const auto &warning : warnings)
            std::fprintf(stderr, "WARNING: %s\n", warning.c_str());
        print(config_text(config));
        return 0;
    }
    if (options.status)
        return show_status(config, options.json);
    if (options.ping_attempts > 0)
        return ping(config, options);
    raise_descriptor_limit();
    return serve(config, options, warnings);
}

} // namespace

int main(int argc, char **argv) {
    // Names are decoded by it: libclamav's transliteration, libarchive's Unicode names.
    if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1)
        std::setlocale(LC_CTYPE, "C.UTF-8");
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    const int status = run(argc, argv);
    std::fflush(stdout);
    return status;
}
