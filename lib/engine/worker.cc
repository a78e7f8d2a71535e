// SPDX-License-Identifier: GPL-2.0-only
#include "engine/worker.h"

#include "base/digest.h"
#include "base/resources.h"
#include "engine/message.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>

namespace hostav {

namespace {

constexpr int socket_number = 3;

/// Nothing of the parent's stays open: the log, the list, files of other jobs, the terminal. The
/// socket becomes socket_number, the cage's directories the numbers after it.
void keep_only(int socket, CageOptions &cage, bool keep_stderr) {
    const int null = ::open("/dev/null", O_RDWR);
    int ours = socket;
    const std::array kept{&ours, &cage.temp_dir, &cage.read_dir, &cage.root_dir};
    constexpr int out_of_the_way = socket_number + static_cast<int>(kept.size());
    for (int *fd : kept)
        if (*fd >= 0)
            *fd = ::fcntl(*fd, F_DUPFD, out_of_the_way);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    if (!keep_stderr)
        ::dup2(null, STDERR_FILENO);
    int number = socket_number;
    for (int *fd : kept) {
        if (*fd >= 0)
            *fd = ::dup2(*fd, number);
        ++number;
    }
    // A number that nothing was kept for may still be something of the parent's.
    for (std::size_t i = 0; i < kept.size(); ++i)
        if (*kept.at(i) < 0)
            ::close(socket_number + static_cast<int>(i));
    ::syscall(SYS_close_range, number, ~0U, 0);
}

/// The terminal's Ctrl-C reaches the whole group; the parent decides what becomes of a worker.
void leave_signals_to_parent(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1); // it died before we could say so
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGTSTP})
        ::signal(signal, SIG_IGN);
}

/// Every scan allocates and frees tens of megabytes of per-signature state. Left to itself malloc
/// gives them back to the kernel each time, and page faults take half the time of a small file.
void keep_memory() {
    constexpr int map_above = 32 << 20;  // the largest that glibc accepts
    constexpr int trim_above = 64 << 20; // but what one huge file took goes back
    ::mallopt(M_MMAP_THRESHOLD, map_above);
    ::mallopt(M_TRIM_THRESHOLD, trim_above);
}

[[noreturn]] void give_up(const std::string &why) {
    (void)send_message(socket_number, MessageKind::failed, why);
    ::_exit(1);
}

void scan_one(Engine &engine, bool digest, const Message &job) {
    auto report = engine.scan(job.fd.get(), job.body, job.kind == MessageKind::job_all);
    if (digest && report.verdict == Verdict::infected) {
        report.sha256 = sha256_of_fd(job.fd.get()).value_or("");
        report.md5 = md5_of_fd(job.fd.get()).value_or("");
    }
    if (!send_message(socket_number, MessageKind::report, encode(report)))
        ::_exit(0);
}

/// The engine of a worker that loads its own.
Result<Engine> load_caged(EngineOptions options, const CageState &cage) {
    options.load.databases = {cage.read_path};
    // Where libclamav unpacks while it loads; it asks for nothing else in the cage.
    ::setenv("TMPDIR", cage.temp_path.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    return Engine::load(options);
}

/// The next job. Where files come one after another the next is here within microseconds, and to
/// wake a process that sleeps on another CPU takes longer than to scan a small file: so it is
/// looked for a moment before we sleep. Others who want the CPU get it meanwhile.
/// What scans took is kept between them, see keep_memory(), but not while there are none.
std::optional<Message> next_job(bool worked) {
    static const bool alone = std::thread::hardware_concurrency() <= 1; // it would be in the way
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::microseconds moment{150};
    bool would_block = false;
    for (const auto end = Clock::now() + moment; worked && !alone && Clock::now() < end;) {
        auto message = receive_message(socket_number, false, would_block);
        if (message || !would_block)
            return message;
        ::sched_yield();
    }
    constexpr int quiet = 30'000; // milliseconds
    if (pollfd job{socket_number, POLLIN, 0}; worked && ::poll(&job, 1, quiet) == 0)
        give_back_memory();
    return receive_message(socket_number, true, would_block);
}

[[noreturn]] void serve(Engine &engine, const std::string &temp_path, bool digest,
                        const std::string &hello) {
    engine.set_temporary_directory(temp_path);
    Engine::set_messages([](std::string_view text) {
        (void)send_message(socket_number, MessageKind::log, text.substr(0, largest_message / 2));
    });
    if (!send_message(socket_number, MessageKind::ready, hello))
        ::_exit(0);
    bool worked = false;
    while (const auto job = next_job(worked)) {
        scan_one(engine, digest, *job);
        worked = true;
    }
    ::_exit(0);
}

} // namespace

void run_worker(WorkerSetup setup) {
    leave_signals_to_parent(setup.parent);
    const auto &options = setup.engine != nullptr ? setup.engine->options() : *setup.load;
    keep_only(setup.socket.release(), setup.cage, options.debug);
    keep_memory();
    // What a hostile file makes grow goes before whatever else the machine does; a resident parent
    // may be set to go last, and it looks as large as we do.
    constexpr int goes_first = 500;
    set_oom_score(goes_first);
    const auto cage = enter_cage(setup.cage);
    if (!cage)
        give_up(cage.error().text());
    if (setup.engine != nullptr)
        serve(*setup.engine, cage->temp_path, setup.digest, "");
    auto engine = load_caged(*setup.load, *cage);
    if (!engine)
        give_up(engine.error().text());
    serve(*engine, cage->temp_path, setup.digest, std::to_string(engine->signatures()));
}

} // namespace hostav
