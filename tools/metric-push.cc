// SPDX-License-Identifier: GPL-2.0-only
//
// metric-push: counts lines and pushes the counts as a metric, and sets up at AWS what watches it.
// Glue: options, wiring, one place that prints an error.
#include "base/files.h"
#include "base/resources.h"
#include "base/text.h"
#include "conf/clamd_client.h"
#include "engine/database.h"
#include "metric/health.h"
#include "metric/iam_policy.h"
#include "metric/line_input.h"
#include "metric/options.h"
#include "metric/provision.h"
#include "metric/session.h"
#include "ship/session.h"
#include "store/state_directory.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace hostav;

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_no_match = 1;    // of `test`, as grep has it
constexpr int exit_outstanding = 3; // of --plan and --wait

constexpr const char *usage_head = R"(Usage: metric-push [options] < LINES
       metric-push [options] --file FILE...
       metric-push test [--pattern PATTERN] < LINES
       metric-push health [options]
       metric-push setup --log-group NAME --email ADDRESS
       metric-push filter put|list|test|delete, topic put|list|delete, alarm put|list|delete
Counts the lines of standard input or of files that match a pattern, and pushes the counts as a
metric.
`test` shows which lines match, and the fields that they give. `health` pushes how old signatures
and the last scan are, whether the engine runs, what waits for delivery. `setup` makes what leads
from a line to a mail; `filter`, `topic` and `alarm` do it one by one. Each has its own --help.
)";
// clang-format off
constexpr const char *usage_tail = R"(
Exit status: 0 all is pushed; 1 something is not, or reading or writing failed; 2 wrong options.
With --tee a failed push does not change it. `test`: 0 some lines match, 1 none, 2 an error.

Examples:
  scan -r -i / | metric-push
  scan -r / | metric-push --tee --dimension 'InstanceId={instance_id}' | logship --group clamav
  metric-push --pattern '[..., status = 5*, size]' --value '$size' --unit Bytes < access.log
  metric-push --file /var/log/clamav/clamav.log
  metric-push --to prometheus=/var/lib/node_exporter/found.prom < scan.log
  metric-push test --pattern '{ $.verdict = "infected" }' < scan.json
  metric-push setup --log-group clamav --email ops@example.com
)";
constexpr const char *provision_tail = R"(
Exit status: 0 all is as it shall be; 1 something failed; 2 wrong options; 3 --plan: something would
be done, --wait: not confirmed in time.
)";
// clang-format on

int complain(const Error &error, int status) {
    std::fprintf(stderr, "metric-push: %s\n", error.text().c_str());
    return status;
}

void print(const std::string &text) {
    std::fputs(text.c_str(), stdout);
}

int print_version() {
    print("hostav metric-push " HOSTAV_VERSION "\n");
    return 0;
}

Result<Filter> filter_of(const PushOptions &options) {
    auto filter = parse_filter(options.pattern);
    if (filter)
        return std::move(*filter);
    // Beside the line for everybody, where to look.
    if (options.test)
        std::fprintf(stderr, "%s\n", filter.error().caret(options.pattern).c_str());
    return std::unexpected(filter.error().error(options.pattern, "--pattern"));
}

/// Lines that match, with their numbers, each followed by its fields.
int test_pattern(const Filter &filter) {
    LineInput input(STDIN_FILENO);
    std::uint64_t number = 0;
    std::uint64_t matching = 0;
    for (;;) {
        const auto read = input.read();
        if (!read)
            return complain(read.error(), exit_usage);
        for (auto rest = read->lines; !rest.empty();) {
            const auto end = std::min(rest.find('\n'), rest.size());
            auto line = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            ++number;
            if (line.ends_with('\r'))
                line.remove_suffix(1);
            if (!filter.matches(line))
                continue;
            ++matching;
            print(std::to_string(number) + ": " + escape_path(line) + "\n");
            for (const auto &field : filter.fields(line))
                print("    " + escape_path(field.name) + " = " + escape_path(field.value) + "\n");
        }
        if (read->ended)
            break;
    }
    std::fprintf(stderr, "metric-push: %llu of %llu lines match\n",
                 static_cast<unsigned long long>(matching),
                 static_cast<unsigned long long>(number));
    return matching > 0 ? 0 : exit_no_match;
}

/// What was counted in another way than somebody may think.
void say_counts(const PushResult &result, Messages &messages) {
    const auto &counts = result.counts;
    const auto warn = [&messages](std::uint64_t count, const char *what) {
        if (count > 0)
            messages.warning(std::to_string(count) + what);
    };
    warn(counts.valueless, " matching lines have no number in the field of --value: not counted");
    warn(counts.untimely, " matching lines are too old or of the future: not counted");
    warn(counts.forgotten, " lines may have counted twice: too many different ones for --unique");
    warn(counts.exhausted, " lines were too costly for the regular expression: not counted");
    messages.verbose(
        std::to_string(counts.matched) + " lines matched, " + std::to_string(counts.repeated) +
        " of them again; " + std::to_string(result.pushed) + " data pushed, " +
        std::to_string(result.given_up) + " not, " + std::to_string(result.kept) + " kept");
}

int provision(const ProvisionWords &words, int argc, char **argv) {
    auto &command = *words.command;
    const auto variables = environment_variables();
    const auto parsed = command.parse(argc - words.count, argv + words.count, variables);
    if (!parsed) {
        if (!command.caret().empty())
            std::fprintf(stderr, "%s\n", command.caret().c_str());
        return complain(parsed.error(), exit_usage);
    }
    if (command.common().help) {
        print("Usage: metric-push " + command.name() + " " + command.usage() + " [options]\n" +
              command.about() + command.option_help() + provision_tail);
        return 0;
    }
    if (command.common().version)
        return print_version();
    if (command.common().iam_policy) {
        const auto place = policy_place(command.common().aws, variables);
        print(policy_text(command.policy(place)) + "\n");
        return 0;
    }
    // Line by line, so that what is done is known whatever comes next.
    std::optional<Error> unwritten;
    ProvisionOutput output;
    output.line = [&unwritten](const std::string &line) {
        print(line + "\n");
        if (std::fflush(stdout) != 0)
            unwritten = fail_errno("stdout").error();
    };
    output.advise = [&command](const std::string &advice) {
        if (!command.common().quiet)
            std::fprintf(stderr, "metric-push: %s\n", advice.c_str());
    };
    const auto outcome = run_provision(command, variables, output);
    if (!outcome)
        return complain(outcome.error(), exit_failure);
    if (unwritten)
        return complain(*unwritten, exit_failure);
    return *outcome == ProvisionOutcome::outstanding ? exit_outstanding : 0;
}

Result<Messages> open_messages(const PushOptions &options) {
    MessageOptions terminal;
    terminal.quiet = options.quiet;
    terminal.verbose = options.verbose;
    terminal.to_stderr = true;
    terminal.name = "metric-push";
    return Messages::open({}, terminal);
}

int serve(PushOptions &options, Filter filter) {
    const auto variables = environment_variables();
    if (const auto filled = expand_dimensions(options, variables); !filled)
        return complain(filled.error(), exit_usage);
    auto counter = make_counter(options, std::move(filter), variables);
    if (!counter)
        return complain(counter.error(), exit_usage);
    auto messages = open_messages(options);
    if (!messages)
        return complain(messages.error(), exit_failure);
    // Logs are rotated with a HUP to whoever reads them; a pipe's end it is, as for others.
    auto signals =
        Signals::watch(options.reads_stdin() ? std::vector<int>{} : std::vector<int>{SIGHUP});
    if (!signals)
        return complain(signals.error(), exit_failure);
    const auto result =
        run_push_session({options, *messages, *signals, variables}, std::move(*counter));
    if (!result)
        return complain(result.error(), exit_failure);
    say_counts(*result, *messages);
    // In the middle of a pipe the exit status is that of copying: with the shell's pipefail another
    // one would hide what the programs before it had to say.
    const bool lost = result->given_up + result->kept > 0 && !options.tee;
    return result->read_failed || result->write_failed || lost ? exit_failure : 0;
}

/// What logship says of all that it ships; none where it never ran.
std::optional<std::string> logship_status(const PushOptions &options, const Variables &variables) {
    std::optional<std::string> lines;
    for (const auto sink : {SinkKind::cloudwatch, SinkKind::otlp, SinkKind::syslog}) {
        ShipOptions ship;
        ship.json = true;
        ship.sink = sink;
        ship.state_directory = options.look.logship_state;
        const auto directory =
            options.look.logship_state.value_or(usual_state_directory("logship", variables));
        if (const auto status = ship_status(ship, directory))
            lines = lines.value_or("") + status->text;
    }
    return lines;
}

HealthSources health_sources(const PushOptions &options, const Variables &variables,
                             Messages &messages) {
    const auto &look = options.look;
    HealthSources sources;
    sources.database_directory =
        look.database_directory.value_or(choose_database_directory(usual_database_directory));
    if (look.expects("scan"))
        sources.scan_report = look.scan_report.value_or("/var/lib/hostav/fullscan.json");
    if (look.expects("logship"))
        sources.ship_status = logship_status(options, variables);
    if (!look.expects("engine"))
        return sources;
    if (auto address = look.clamd_conf ? read_clamd_address(*look.clamd_conf) : resident_address())
        sources.daemon = std::move(*address);
    else
        messages.warning("EngineUp unknown: " + address.error().text());
    return sources;
}

/// Counts of the last time are kept in a file of the state directory.
int push_health(PushOptions &options) {
    constexpr const char *kept = "health.json";
    constexpr std::size_t most_kept = 65536;
    const auto variables = environment_variables();
    if (const auto filled = expand_dimensions(options, variables); !filled)
        return complain(filled.error(), exit_usage);
    auto messages = open_messages(options);
    if (!messages)
        return complain(messages.error(), exit_failure);
    auto signals = Signals::watch();
    if (!signals)
        return complain(signals.error(), exit_failure);
    auto sources = health_sources(options, variables, *messages);
    const auto state = make_state_directory(
        options.state_directory.value_or(usual_state_directory("metric-push", variables)));
    if (state)
        sources.counts_before = read_file(state->get(), kept, most_kept).value_or("");
    else
        messages->warning(state.error().text() + ": what was counted is not known");
    const auto health =
        look_at_health(sources, options.count.metric.dimensions, std::time(nullptr));
    for (const auto &unknown : health.unknown)
        messages->warning(unknown);
    const auto pushed = push_now({options, *messages, *signals, variables}, health.data);
    if (!pushed)
        return complain(pushed.error(), exit_failure);
    if (!*pushed || health.data.empty())
        return exit_failure;
    if (state && !health.counts.empty())
        if (const auto wrote = replace_file(state->get(), kept, health.counts, S_IRUSR | S_IWUSR);
            !wrote)
            return complain(wrote.error(), exit_failure);
    return 0;
}

int run(int argc, char **argv) {
    if (is_filter_test(argc, argv)) { // `test`
        ++argv;
        --argc;
    }
    const auto words = find_provision_command(argc, argv);
    if (!words)
        return complain(words.error(), exit_usage);
    if (words->command != nullptr)
        return provision(*words, argc, argv);
    PushOptions options;
    std::string help;
    if (const auto parsed = parse_push_options(argc, argv, options, help); !parsed)
        return complain(parsed.error(), exit_usage);
    if (options.help) {
        print(usage_head + help + usage_tail);
        return 0;
    }
    if (options.version)
        return print_version();
    if (options.iam_policy) {
        print(policy_text(push_policy(options.name_space)) + "\n");
        return 0;
    }
    if (options.health)
        return push_health(options);
    auto filter = filter_of(options);
    if (!filter)
        return complain(filter.error(), exit_usage);
    return options.test ? test_pattern(*filter) : serve(options, std::move(*filter));
}

} // namespace

int main(int argc, char **argv) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    // Credentials are in memory: no core dump, and no other process of this user may look.
    ::prctl(PR_SET_DUMPABLE, 0);
    if (!fill_standard_descriptors())
        return exit_failure;
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0 && status == 0)
        return complain(fail_errno("stdout").error(), exit_failure);
    return status;
}
