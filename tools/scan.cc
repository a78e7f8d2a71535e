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
#include "engine/installed_engine.h"
#include "scan/options.h"
#include "scan/output.h"
#include "scan/resident.h"
#include "scan/scanner.h"

#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>

namespace {

using namespace hostav;

constexpr int exit_error = 2;
constexpr mode_t report_mode = 0644;

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
    bool completed = false; ///< everything was looked at
};

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
    Fd report; ///< the directory of --report
};

Result<Prepared> prepare(const ScanOptions &options, int &status) {
    auto selection = Selection::compile(options.selection);
    if (!selection)
        return std::unexpected(selection.error());
    auto actions = Actions::prepare(options.action(), options.action_directory());
    if (!actions)
        return std::unexpected(actions.error());
    std::optional<LogFile> log;
    if (options.log && *options.log != "/dev/null") { // a way to say: none
        auto opened = LogFile::open(*options.log);
        if (!opened)
            return std::unexpected(opened.error());
        log = std::move(*opened);
    }
    Fd report;
    if (options.report) {
        const std::filesystem::path path(*options.report);
        const auto directory = path.parent_path();
        report.reset(::open(directory.empty() ? "." : directory.c_str(),
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!report)
            return fail_errno(escape_path(*options.report));
        if (path.filename().empty() || std::filesystem::is_directory(path))
            return fail_errno(escape_path(*options.report), EISDIR);
    }
    auto run = RunDirectory::make({options.tempdir.value_or(""), temporary_space(options),
                                   options.engine.leave_temporary_files});
    if (!run)
        return std::unexpected(run.error());
    auto source = Source::open(options, std::make_shared<const Selection>(std::move(*selection)));
    if (!source) {
        status = exit_no_list;
        return std::unexpected(source.error());
    }
    source->set_temporary_directory(run->path());
    return Prepared{std::move(*source), std::move(*actions), std::move(*run), std::move(log),
                    std::move(report)};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Result<Engine> load_engine(ScanOptions &options, const RunDirectory &run, Progress &progress) {
    auto &load = options.engine.load;
    if (auto chosen = choose_databases(load, run.path()); !chosen)
        return std::unexpected(chosen.error());
    if (load.embedded && !options.print.quiet)
        std::fprintf(stderr,
                     "scan: %s: no signatures installed: using the embedded ones, which only "
                     "know the EICAR and ClamAV test files\n",
                     escape_path(installed_database_directory()).c_str());
    return load_installed(options.engine,
                          [&progress](const char *what, std::size_t done, std::size_t total) {
                              progress.step(what, done, total);
                          });
}

/// What the parts of a run share.
struct Session {
    const ScanOptions &options;
    Prepared &prepared;
    Summary summary;
    Progress progress;
    Signals signals;
    Printer printer;
};

/// The resident engine of this machine, if there is one to talk to. It is silent about why not,
/// unless one was named.
Result<std::shared_ptr<Resident>> find_resident(const ScanOptions &options) {
    const auto choice = options.engine_choice.value_or("auto");
    const bool named = choice != "auto" && choice != "local";
    const auto socket = named ? choice : resident_socket();
    if (socket.empty())
        return nullptr;
    auto resident = Resident::connect(socket);
    if (!resident && !named)
        return nullptr;
    return resident;
}

/// Where workers come from: the resident engine, or one that is loaded here.
class Engines {
  public:
    Engines(ScanOptions &options, Prepared &prepared, Progress &loading)
        : options_(options), prepared_(prepared), loading_(loading) {}

    Result<std::unique_ptr<WorkerHost>> host() {
        auto resident = find_resident(options_);
        if (!resident)
            return std::unexpected(resident.error());
        resident_ = *resident;
        const auto choice = options_.engine_choice.value_or("auto");
        if (!resident_ || choice == "local")
            return local();
        const auto offered = options_.tempdir
                                 ? fail("--tempdir", "the resident engine has a place of its own")
                                 : resident_->offer(options_.engine, options_.nice);
        if (!offered && choice != "auto")
            return std::unexpected(offered.error());
        if (!offered)
            return local();
        signatures_ = resident_->signatures();
        auto instead = choice == "auto" ? LentWorkers::Instead([this] { return local(); })
                                        : LentWorkers::Instead();
        return std::make_unique<LentWorkers>(resident_, std::move(instead));
    }
    [[nodiscard]] std::uint64_t signatures() const { return signatures_; }
    [[nodiscard]] const std::shared_ptr<Resident> &resident() const { return resident_; }

  private:
    ScanOptions &options_;
    Prepared &prepared_;
    Progress &loading_;
    std::shared_ptr<Resident> resident_; ///< kept while we scan: root's opens pass its gate
    std::optional<Engine> engine_;
    std::uint64_t signatures_ = 0;

    Result<std::unique_ptr<WorkerHost>> local() {
        auto engine = load_engine(options_, prepared_.run, loading_);
        loading_.clear();
        if (!engine)
            return std::unexpected(engine.error());
        engine_.emplace(std::move(*engine));
        signatures_ = engine_->signatures();
        prepare_for_cage();
        return LocalWorkers::create(*engine_,
                                    options_.print.json || options_.action() == Action::quarantine,
                                    std::move(prepared_.run));
    }
};

/// From the first worker to the last answer.
End scan_with(Engines &engines, std::unique_ptr<WorkerHost> host, Session &session) {
    const auto start = std::chrono::steady_clock::now();
    const auto &options = session.options;
    session.summary.known_signatures = static_cast<unsigned>(engines.signatures());
    PoolOptions pool_options;
    pool_options.workers = static_cast<unsigned>(options.jobs);
    session.summary.workers = pool_options.workers;
    pool_options.timeout = options.file_timeout();
    auto pool = std::make_unique<Pool>(std::move(host), pool_options);
    pool->set_messages([&session](std::string_view text) {
        session.progress.clear();
        std::fprintf(stderr, "%s\n", escape_path(text).c_str());
    });
    Scanner scanner(options, {*pool, session.prepared.source, session.printer, session.progress,
                              session.prepared.actions, session.summary, session.signals,
                              [&engines](int fd, const struct stat &st) {
                                  if (engines.resident())
                                      engines.resident()->tell_clean(fd, st);
                              }});
    const auto ran = scanner.run();
    pool->stop();
    session.progress.clear();
    session.summary.too_deep = session.prepared.source.too_deep();
    session.summary.scan_seconds = seconds_since(start);
    const int status = ran ? scanner.exit_status() : complain(ran.error());
    const int signal = session.signals.pending();
    return {status, scanner.output_gone() && signal == 0 ? SIGPIPE : signal, ran.has_value()};
}

/// From loading the signatures to the summary.
End scan_files(ScanOptions &options, Prepared &prepared) {
    const auto start = std::chrono::steady_clock::now();
    Summary summary;
    summary.engine_version = Engine::version();
    summary.start = std::time(nullptr);
    Progress loading(STDERR_FILENO, !options.print.quiet && !options.debug);
    Engines engines(options, prepared, loading);
    auto host = engines.host();
    auto signals = Signals::watch();
    if (!signals)
        return {complain(signals.error())};
    // The sinks refer to the signals where they stay: members are made in their order.
    Session session{options,
                    prepared,
                    std::move(summary),
                    Progress(STDERR_FILENO, !options.print.quiet && !options.debug),
                    std::move(*signals),
                    Printer(options.print, std::move(prepared.log),
                            sink_to(STDOUT_FILENO, session.signals),
                            sink_to(STDERR_FILENO, session.signals))};
    auto &printer = session.printer;
    printer.log_header();
    if (options.file_list && !options.paths.empty())
        printer.warning("Only scanning files from --file-list (files passed at cmdline are "
                        "ignored)");
    End end = host ? scan_with(engines, std::move(*host), session) : End{complain(host.error())};
    if (end.signal != 0 && end.signal != SIGINT)
        return end;
    session.summary.end = std::time(nullptr);
    session.summary.seconds = seconds_since(start);
    if (!options.no_summary)
        printer.summary(summary_text(session.summary));
    if (!printer.flush() && end.signal == 0)
        end.signal = SIGPIPE;
    if (const auto lost = printer.take_log_error(); lost && end.status != 1)
        end.status = complain(*lost);
    if (options.report && end.completed && end.signal == 0) {
        const auto text = summary_json(session.summary, options.paths, end.status);
        const auto left = replace_file(prepared.report.get(),
                                       std::filesystem::path(*options.report).filename(), text,
                                       report_mode);
        if (!left && end.status != 1)
            end.status = complain(left.error());
    }
    return end;
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
