// SPDX-License-Identifier: GPL-2.0-only
#include "engine/worker_host.h"

#include "base/resources.h"
#include "engine/cage.h"
#include "engine/worker.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <sys/wait.h>
#include <unistd.h>

namespace hostav {

namespace {

/// Address space a worker may add to the engine's: room for a file mapped, unpacked and
/// normalised at once, and for libarchive's and libclamav's windows.
std::uint64_t extra_memory(const ScanLimits &limits) {
    const auto file =
        limits.file_size == 0 ? engine_file_limit : std::min(limits.file_size, engine_file_limit);
    return 2 * gibi + 4 * file;
}

/// The largest temporary file: libclamav stops unpacking at its limits, this holds if it does not.
std::uint64_t largest_file(const ScanLimits &limits) {
    return limits.scan_size == 0 || limits.file_size == 0
               ? 0
               : std::max(limits.scan_size, limits.file_size) + mebi;
}

} // namespace

Result<std::unique_ptr<LocalWorkers>> LocalWorkers::create(Engine &engine, bool digest,
                                                           RunDirectory run) {
    std::unique_ptr<LocalWorkers> workers(new LocalWorkers(engine, digest, std::move(run)));
    workers->uid_ = ::geteuid();
    workers->gid_ = ::getegid();
    if (workers->uid_ == 0)
        if (auto account = cage_account(workers->uid_, workers->gid_); !account)
            return std::unexpected(account.error());
    return workers;
}

LocalWorkers::~LocalWorkers() {
    while (!pids_.empty())
        end(pids_.begin()->first);
    wait_for_ended();
}

void LocalWorkers::wait_for_ended() {
    // A worker that sleeps in the kernel cannot be killed; nobody waits for it for ever.
    constexpr int tries = 200;
    constexpr timespec pause{0, 10'000'000};
    for (int i = 0; i < tries && !dying_.empty(); ++i) {
        reap();
        if (!dying_.empty())
            ::nanosleep(&pause, nullptr);
    }
}

Result<void> LocalWorkers::start(unsigned number, Fd socket) {
    return start(number, std::move(socket), false);
}

Result<void> LocalWorkers::start(unsigned number, Fd socket, bool nice) {
    auto directory = run_.make_worker(number, uid_, gid_);
    if (!directory)
        return std::unexpected(directory.error());
    const auto &limits = engine_->options().limits;
    WorkerSetup setup;
    setup.engine = engine_;
    setup.socket = std::move(socket);
    setup.parent = ::getpid();
    setup.digest = digest_;
    setup.cage.temp_dir = directory->get();
    setup.cage.temp_path = run_.worker_path(number);
    setup.cage.change_user = ::geteuid() == 0;
    setup.cage.uid = uid_;
    setup.cage.gid = gid_;
    setup.cage.extra_memory = extra_memory(limits);
    setup.cage.file_size = largest_file(limits);
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (nice)
            use_idle_time_only();
        run_worker(std::move(setup));
    }
    if (pid < 0) {
        const int error = errno;
        run_.remove_worker(number);
        return fail_errno("fork", error);
    }
    pids_[number] = pid;
    return {};
}

void LocalWorkers::end(unsigned number) {
    const auto found = pids_.find(number);
    if (found == pids_.end())
        return;
    ::kill(found->second, SIGKILL);
    dying_.push_back(found->second);
    pids_.erase(found);
    run_.remove_worker(number);
    reap();
}

void LocalWorkers::reap() {
    std::erase_if(dying_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

} // namespace hostav
