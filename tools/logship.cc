// SPDX-License-Identifier: GPL-2.0-only
//
// logship: ships lines of logs to CloudWatch Logs and other places, at least once. Glue: options,
// wiring, one place that prints an error.
#include "base/resources.h"
#include "base/service_manager.h"
#include "base/text.h"
#include "ship/event_format.h"
#include "ship/options.h"
#include "ship/session.h"
#include "store/state_directory.h"

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using namespace hostav;

constexpr int exit_not_delivered = 1;
constexpr int exit_usage = 2;
constexpr int exit_no_state = 3;

constexpr const char *usage_head = R"(Usage: logship [-c FILE] [options]
       COMMAND | logship --group GROUP [options]
       logship --group GROUP [options] FILE...
Ships lines of logs to CloudWatch Logs, at least once; reads the old agent's awslogs.conf.
)";
// clang-format off
constexpr const char *usage_tail = R"(
Exit status: 0 all is delivered, or ended by a signal; 1 something is not; 2 wrong options or
configuration; --status: 0 good, 1 deliveries fail, 3 nothing is known.

Examples:
  scan -r / | logship --group clamav
  logship -c /etc/awslogs/awslogs.conf --aws-config /etc/awslogs/awscli.conf
  logship --group web --datetime-format '%d/%b/%Y:%H:%M:%S %z' /var/log/nginx/access.log
  logship --group ssh --journal --unit ssh.service --retention 30
  logship -c FILE --to stdout --once | jq -r .message
  logship --status
)";
// clang-format on

int complain(const Error &error, int status) {
    std::fprintf(stderr, "logship: %s\n", error.text().c_str());
    return status;
}

void print(const std::string &text) {
    std::fputs(text.c_str(), stdout);
}

int check_config(const ShipOptions &options, const ShipConfig &config) {
    print(config_text(config));
    if (!options.sample)
        return 0;
    for (const auto &stream : config.streams) {
        const auto events = sample(stream, *options.sample, std::time(nullptr));
        if (!events)
            return complain(events.error(), exit_usage);
        print("\n# [" + escape_path(stream.name) + "] makes of the sample:\n");
        for (const auto &event : *events)
            print("# " + event.time + (event.dated ? "" : " (now: no time was found)") + " " +
                  escape_path(event.message) + "\n");
    }
    return 0;
}

/// What is known needs no configuration: only where nothing is found it is asked what is wrong.
int show_status(const ShipOptions &options, const Result<ShipConfig> &config) {
    const auto directory =
        state_directory(options, config.value_or(ShipConfig{}),
                        usual_state_directory("logship", environment_variables()));
    const auto status = ship_status(options, directory);
    if (!status && !config && !options.state_directory)
        return complain(config.error(), exit_usage);
    if (!status)
        return complain(status.error(), exit_no_state);
    print(status->text);
    return status->good ? 0 : exit_not_delivered;
}

int finish(const ShipOptions &options, const SessionResult &result) {
    if (options.verbose)
        std::fprintf(stderr, "logship: %llu events delivered, %llu rejected\n",
                     static_cast<unsigned long long>(result.delivered),
                     static_cast<unsigned long long>(result.rejected));
    int status = result.unsaved ? exit_not_delivered : 0; // which was said
    const bool gave_up = result.ended == Shipper::Ended::gave_up;
    if (gave_up)
        status = complain({"not everything is delivered", result.last_failure}, exit_not_delivered);
    // Without a spool that is what giving up means.
    if (result.lost > 0 && (!gave_up || options.spool_directory))
        status =
            complain({"standard input",
                      std::to_string(result.lost) + " bytes that were read are not delivered" +
                          (options.spool_directory ? ", and could not be kept in the spool" : "")},
                     exit_not_delivered);
    if (result.dropped > 0)
        status = complain({"rejected", std::to_string(result.dropped) +
                                           " events, which are kept nowhere: --state-dir DIR or "
                                           "--spool DIR would keep them"},
                          exit_not_delivered);
    const bool missing = (options.once && result.complained) ||
                         ((options.once || options.reads_stdin()) && result.incomplete);
    return missing ? exit_not_delivered : status;
}

/// Reads the configuration again after SIGHUP; a bad one changes nothing.
void reread(const ShipOptions &options, ShipConfig &config, Messages &messages) {
    std::vector<std::string> warnings;
    auto fresh = ship_config(options, warnings);
    if (!fresh)
        return messages.error("SIGHUP: " + fresh.error().text() +
                              ": the old configuration stays in effect");
    for (const auto &warning : warnings)
        messages.warning(warning);
    config = std::move(*fresh);
    messages.info("SIGHUP: the configuration was read again");
}

int serve(const ShipOptions &options, ShipConfig config, const std::vector<std::string> &warnings) {
    const auto variables = environment_variables();
    MessageOptions terminal;
    terminal.quiet = options.quiet;
    terminal.verbose = options.verbose;
    terminal.debug = options.debug;
    terminal.to_stderr = true;
    terminal.name = "logship";
    auto messages = Messages::open({}, terminal);
    if (!messages)
        return complain(messages.error(), exit_not_delivered);
    for (const auto &warning : warnings)
        messages->warning(warning);
    for (;;) {
        // A pipe cannot be read again: what ends others ends it.
        auto signals =
            Signals::watch(options.reads_stdin() ? std::vector<int>{} : std::vector<int>{SIGHUP});
        if (!signals)
            return complain(signals.error(), exit_not_delivered);
        const auto directory =
            state_directory(options, config, usual_state_directory("logship", variables));
        const auto result =
            run_session({options, config, directory, *messages, *signals, variables});
        if (!result)
            return complain(result.error(), exit_not_delivered);
        if (result->ended != Shipper::Ended::reread)
            return finish(options, *result);
        reread(options, config, *messages);
    }
}

int run(int argc, char **argv) {
    ShipOptions options;
    std::vector<std::string> warnings;
    std::string help;
    if (const auto parsed = parse_ship_options(argc, argv, options, warnings, help); !parsed)
        return complain(parsed.error(), exit_usage);
    if (options.help) {
        print(usage_head + help + usage_tail);
        return 0;
    }
    if (options.version) {
        print("hostav logship " HOSTAV_VERSION "\n");
        return 0;
    }
    auto config = ship_config(options, warnings);
    if (options.status)
        return show_status(options, config);
    if (!config)
        return complain(config.error(), exit_usage);
    if (const auto sound = check_aws_files(options, *config, environment_variables()); !sound)
        return complain(sound.error(), exit_usage);
    if (options.check_config) {
        for (const auto &warning : warnings)
            std::fprintf(stderr, "WARNING: %s\n", warning.c_str());
        return check_config(options, *config);
    }
    raise_descriptor_limit();
    return serve(options, std::move(*config), warnings);
}

} // namespace

int main(int argc, char **argv) {
    if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1)
        std::setlocale(LC_CTYPE, "C.UTF-8");
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    // Credentials are in memory: no core dump, and no other process of this user may look.
    ::prctl(PR_SET_DUMPABLE, 0);
    if (!fill_standard_descriptors())
        return exit_not_delivered;
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0 && status == 0)
        return complain(fail_errno("stdout").error(), exit_not_delivered);
    return status;
}
