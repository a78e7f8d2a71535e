// SPDX-License-Identifier: GPL-2.0-only
//
// scan: looks for malware in files, as clamscan does, in parallel and caged. Glue: options,
// wiring, one place that prints an error.
#include "base/cpus.h"
#include "base/files.h"
#include "base/resources.h"
#include "base/text.h"
#include "engine/cage.h"
#include "engine/database.h"
#include "scan/options.h"
#include "scan/scanner.h"

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace {

using namespace hostav;

constexpr int exit_error = 2;

constexpr const char *usage_head = R"(Usage: scan [options] [file | directory | -]...
Looks for malware in files with ClamAV's engine and signatures.
)";
constexpr const char *usage_tail = R"(
Booleans take =yes or =no. Exit status: 0 clean, 1 something found, 2 an error, 54 no file list.

Examples:
  scan -r -i /srv                              only what is infected
  scan -r -i / -l /var/log/clamd.scan --nice   a nightly run
  find / -newer x -print0 | scan --files0-from=-
  curl -s URL | scan -
  scan -r --json /home | jq -r 'select(.verdict == "infected").path'
  scan -r --quarantine=/var/lib/hostav/quarantine /home
)";

int complain(const Error &error, int status = exit_error) {
    std::fprintf(stderr, "scan: %s\n", error.text().c_str());
    return status;
}

/// How main() ends: with a status, or by the signal that ended the run.
struct End {
    int status = 0;
    int signal = 0;
};

/// Writes to a descriptor that may be a slow pipe; false when nobody reads or a signal came.
Printer::Sink sink_to(int fd, Signals &signals) {
    return [fd, &signals](std::string_view bytes) {
        while (!bytes.empty()) {
            if (!signals.wait(fd, POLLOUT))
                return false;
            const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
            if (wrote < 0 && errno != EINTR && errno != EAGAIN)
                return false;
            bytes.remove_prefix(wrote < 0 ? 0 : static_cast<std::size_t>(wrote));
        }
        return true;
    };
}

/// Which signatures: those asked for, the installed ones, or those that come with scan.
Result<void> choose_databases(LoadOptions &load, const RunDirectory &run, bool quiet) {
    if (!load.databases.empty())
        return {};
    const auto installed = installed_database_directory();
    if (holds_databases(installed)) {
        load.databases.push_back(installed);
        return {};
    }
    if (!quiet)
        std::fprintf(stderr,
                     "scan: %s: no signatures installed: using the embedded ones, which only "
                     "know the EICAR and ClamAV test files\n",
                     escape_path(installed).c_str());
    const auto directory = run.path() + "/embedded";
    std::error_code failed;
    if (!std::filesystem::create_directory(directory, failed))
        return fail(escape_path(directory), failed.message());
    load.databases.push_back(directory);
    load.embedded = true;
    return write_embedded_signatures(directory);
}

std::uint64_t temporary_space(const ScanOptions &options) {
    const auto size = options.engine.limits.scan_size;
    return options.jobs * (size == 0 ? gibi : size);
}

/// Everything that can fail before the signatures are loaded.
struct Prepared {
    Source source;
    Actions actions;
    RunDirectory run;
    std::optional<LogFile> log;
};

Result<Prepared> prepare(const ScanOptions &options, int &status) {
    auto selection = Selection::compile(options.selection);
    if (!selection)
        return std::unexpected(selection.error());
    auto actions = Actions::prepare(options.action(), options.action_directory());
    if (!actions)
        return std::unexpected(actions.error());
    std::optional<LogFile> log;
    if (options.log) {
        auto opened = LogFile::open(*options.log);
        if (!opened)
            return std::unexpected(opened.error());
        log = std::move(*opened);
    }
    auto run = RunDirectory::make({options.tempdir.value_or(""), temporary_space(options),
                                   options.engine.leave_temporary_files});
    if (!run)
        return std::unexpected(run.error());
    auto source = Source::open(
        options, std::make_shared<const Selection>(std::move(*selection)));
    if (!source) {
        status = exit_no_list;
        return std::unexpected(source.error());
    }
    source->set_temporary_directory(run->path());
    return Prepared{std::move(*source), std::move(*actions), std::move(*run), std::move(log)};
}

Summary new_summary() {
    Summary summary;
    summary.engine_version = Engine::version();
    summary.start = std::time(nullptr);
    return summary;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Result<Engine> load_engine(ScanOptions &options, const RunDirectory &run, Progress &progress) {
    if (auto chosen = choose_databases(options.engine.load, run, options.print.quiet); !chosen)
        return std::unexpected(chosen.error());
    return Engine::load(options.engine,
                        [&progress](const char *what, std::size_t done, std::size_t total) {
                            progress.step(what, done, total);
                        });
}

/// The signals of a run, its engine and its workers, from loading to the summary.
End scan_files(ScanOptions &options, Prepared &prepared) {
    const auto start = std::chrono::steady_clock::now();
    auto summary = new_summary();
    Progress progress(STDERR_FILENO, !options.print.quiet && !options.debug);
    auto engine = load_engine(options, prepared.run, progress);
    progress.clear();
    auto signals = Signals::watch();
    if (!signals)
        return {complain(signals.error())};
    Printer printer(options.print, std::move(prepared.log),
                    sink_to(STDOUT_FILENO, *signals), sink_to(STDERR_FILENO, *signals));
    printer.log_header();
    if (options.file_list && !options.paths.empty())
        printer.warning("Only scanning files from --file-list (files passed at cmdline are "
                        "ignored)");

    int status = exit_error;
    if (!engine) {
        complain(engine.error());
    } else {
        summary.known_signatures = engine->signatures();
        prepare_for_cage();
        const auto scanning = std::chrono::steady_clock::now();
        PoolOptions pool_options;
        pool_options.workers = static_cast<unsigned>(options.jobs);
        summary.workers = pool_options.workers;
        pool_options.timeout = options.file_timeout();
        pool_options.digest = options.print.json || options.action() == Action::quarantine;
        auto pool = Pool::create(*engine, pool_options, std::move(prepared.run));
        if (!pool)
            return {complain(pool.error())};
        pool->set_messages([&progress](std::string_view text) {
            progress.clear();
            std::fprintf(stderr, "%s\n", escape_path(text).c_str());
        });
        Scanner scanner(options, {*pool, prepared.source, printer, progress, prepared.actions,
                                  summary, *signals});
        auto ran = scanner.run();
        pool->stop();
        progress.clear();
        if (!ran)
            complain(ran.error());
        summary.too_deep = prepared.source.too_deep();
        status = ran ? scanner.exit_status() : exit_error;
        if (scanner.output_gone())
            return {status, signals->pending() != 0 ? signals->pending() : SIGPIPE};
        summary.scan_seconds = seconds_since(scanning);
    }
    const int signal = signals->pending();
    if (signal != 0 && signal != SIGINT)
        return {status, signal};
    summary.end = std::time(nullptr);
    summary.seconds = seconds_since(start);
    if (!options.no_summary)
        printer.summary(summary_text(summary));
    if (!printer.flush())
        return {status, signal != 0 ? signal : SIGPIPE};
    if (const auto lost = printer.take_log_error()) {
        complain(*lost);
        status = status == 1 ? 1 : exit_error;
    }
    return {status, signal};
}

End run(int argc, char **argv) {
    ScanOptions options;
    std::vector<std::string> warnings;
    std::string help;
    const auto parsed = parse_scan_options(argc, argv, options, warnings, help);
    for (const auto &warning : warnings)
        std::fprintf(stderr, "WARNING: %s\n", warning.c_str());
    if (!parsed)
        return {complain(parsed.error())};
    if (options.help) {
        std::printf("%s%s%s", usage_head, help.c_str(), usage_tail);
        return {};
    }
    if (options.version) {
        const auto &databases = options.engine.load.databases;
        const auto directory =
            databases.empty() ? installed_database_directory() : databases.front();
        std::printf("%s\nhostav scan %s\n", engine_and_database_version(directory).c_str(),
                    HOSTAV_VERSION);
        return {};
    }
    if (options.restore) {
        const auto restored = restore_quarantined(*options.restore);
        if (!restored)
            return {complain(restored.error())};
        std::printf("%s: restored\n", escape_path(*restored).c_str());
        return {};
    }
    if (options.jobs == 0)
        options.jobs = available_cpus();
    if (options.nice)
        use_idle_time_only();
    raise_descriptor_limit();
    int status = exit_error;
    auto prepared = prepare(options, status);
    if (!prepared)
        return {complain(prepared.error(), status)};
    return scan_files(options, *prepared);
}

} // namespace

int main(int argc, char **argv) {
    // Names are decoded by it: libclamav's transliteration, libarchive's Unicode names.
    if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1)
        std::setlocale(LC_CTYPE, "C.UTF-8");
    const auto end = run(argc, argv);
    std::fflush(stdout);
    if (end.signal != 0)
        hostav::die_by(end.signal);
    return end.status;
}
