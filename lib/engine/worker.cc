// SPDX-License-Identifier: GPL-2.0-only
#include "engine/worker.h"

#include "base/digest.h"
#include "engine/message.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace hostav {

namespace {

constexpr int socket_number = 3;
constexpr int temp_number = 4;

/// Nothing of the parent's stays open: the log, the list, files of other jobs, the terminal.
void keep_only(int socket, int temp_dir, bool keep_stderr) {
    const int null = ::open("/dev/null", O_RDWR);
    // Clear of the numbers that are about to be taken.
    constexpr int out_of_the_way = temp_number + 1;
    const int socket_copy = ::fcntl(socket, F_DUPFD, out_of_the_way);
    const int temp_copy = ::fcntl(temp_dir, F_DUPFD, out_of_the_way);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    if (!keep_stderr)
        ::dup2(null, STDERR_FILENO);
    ::dup2(socket_copy, socket_number);
    ::dup2(temp_copy, temp_number);
    ::syscall(SYS_close_range, temp_number + 1, ~0U, 0);
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

void scan_one(WorkerSetup &setup, const Message &job) {
    auto report = setup.engine->scan(job.fd.get(), job.body);
    if (setup.digest && report.verdict == Verdict::infected)
        if (auto digest = sha256_of_fd(job.fd.get()))
            report.sha256 = *digest;
    if (!send_message(socket_number, MessageKind::report, encode(report)))
        ::_exit(0);
}

} // namespace

void run_worker(WorkerSetup setup) {
    leave_signals_to_parent(setup.parent);
    keep_only(setup.socket.release(), setup.cage.temp_dir, setup.engine->options().debug);
    keep_memory();
    setup.cage.temp_dir = temp_number;
    const auto cage = enter_cage(setup.cage);
    if (!cage)
        give_up(cage.error().text());
    setup.engine->set_temporary_directory(cage->temp_path);
    Engine::set_messages([](std::string_view text) {
        (void)send_message(socket_number, MessageKind::log, text.substr(0, largest_message / 2));
    });
    if (!send_message(socket_number, MessageKind::ready, ""))
        ::_exit(0);
    bool would_block = false;
    while (const auto job = receive_message(socket_number, true, would_block))
        scan_one(setup, *job);
    ::_exit(0);
}

} // namespace hostav
