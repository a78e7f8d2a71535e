// SPDX-License-Identifier: GPL-2.0-only
#include "engine/pool.h"

#include "engine/cage.h"
#include "engine/message.h"
#include "engine/worker.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <sys/wait.h>

namespace hostav {

namespace {

/// Workers that die before they were ready, in a row, until we stop trying.
constexpr unsigned most_failed_starts = 3;
/// libclamav's messages about one file; a hostile one could make it talk for ever.
constexpr unsigned most_messages = 100;

/// Address space a worker may add to the engine's: room for a file mapped, unpacked and
/// normalised at once, and for libarchive's and libclamav's windows.
std::uint64_t extra_memory(const ScanLimits &limits) {
    const auto file = limits.file_size == 0 ? engine_file_limit
                                            : std::min(limits.file_size, engine_file_limit);
    return 2 * gibi + 4 * file;
}

/// The largest temporary file: libclamav stops unpacking at its limits, this holds if it does not.
std::uint64_t largest_file(const ScanLimits &limits) {
    return limits.scan_size == 0 || limits.file_size == 0
               ? 0
               : std::max(limits.scan_size, limits.file_size) + mebi;
}

Report lost(const char *why) {
    Report report;
    report.verdict = Verdict::error;
    report.error = why;
    return report;
}

} // namespace

Pool::Pool(Engine &engine, const PoolOptions &options, RunDirectory run)
    : engine_(&engine), options_(options), run_(std::move(run)) {}

Pool::~Pool() { stop(); }

Result<Pool> Pool::create(Engine &engine, const PoolOptions &options, RunDirectory run) {
    Pool pool(engine, options, std::move(run));
    pool.uid_ = ::geteuid();
    pool.gid_ = ::getegid();
    if (pool.uid_ == 0)
        if (auto account = cage_account(pool.uid_, pool.gid_); !account)
            return std::unexpected(account.error());
    return pool;
}

bool Pool::has_room() const {
    return workers_.size() < options_.workers ||
           std::ranges::any_of(workers_, [](const Worker &worker) { return !worker.busy; });
}

unsigned Pool::busy() const {
    return static_cast<unsigned>(
        std::ranges::count_if(workers_, [](const Worker &worker) { return worker.busy; }));
}

Result<void> Pool::start_worker() {
    auto ends = message_pair();
    if (!ends)
        return std::unexpected(ends.error());
    Worker worker;
    worker.number = next_number_++;
    auto directory = run_.make_worker(worker.number, uid_, gid_);
    if (!directory)
        return std::unexpected(directory.error());

    WorkerSetup setup;
    setup.engine = engine_;
    setup.socket = std::move(ends->second);
    setup.parent = ::getpid();
    setup.digest = options_.digest;
    setup.cage.temp_dir = directory->get();
    setup.cage.temp_path = run_.worker_path(worker.number);
    setup.cage.change_user = ::geteuid() == 0;
    setup.cage.uid = uid_;
    setup.cage.gid = gid_;
    setup.cage.extra_memory = extra_memory(engine_->options().limits);
    setup.cage.file_size = largest_file(engine_->options().limits);
    worker.pid = ::fork();
    if (worker.pid < 0)
        return fail_errno("fork");
    if (worker.pid == 0)
        run_worker(std::move(setup));
    worker.socket = std::move(ends->first);
    workers_.push_back(std::move(worker));
    return {};
}

Result<void> Pool::submit(std::uint64_t job, int fd, const std::string &name) {
    const auto idle = [](const Worker &worker) { return !worker.busy; };
    for (unsigned tries = 0; tries <= most_failed_starts; ++tries) {
        auto worker = std::ranges::find_if(workers_, idle);
        if (worker == workers_.end()) {
            if (auto started = start_worker(); !started)
                return started;
            worker = std::prev(workers_.end());
        }
        if (send_message(worker->socket.get(), MessageKind::job, name, fd)) {
            worker->busy = true;
            worker->job = job;
            worker->messages = 0;
            worker->start = Clock::now();
            return {};
        }
        bury(*worker, ""); // it died while idle: no file is lost
    }
    return fail("worker", start_error_.empty() ? "dies as soon as it starts" : start_error_);
}

void Pool::add_to(std::vector<pollfd> &set) const {
    for (const auto &worker : workers_)
        set.push_back({worker.socket.get(), POLLIN, 0});
}

int Pool::milliseconds_left() const {
    auto left = std::chrono::milliseconds::max();
    for (const auto &worker : workers_)
        if (worker.busy)
            left = std::min(left, std::chrono::duration_cast<std::chrono::milliseconds>(
                                      worker.start + options_.timeout - Clock::now()));
    if (left == std::chrono::milliseconds::max())
        return -1;
    constexpr std::int64_t longest = 60000;
    return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, longest));
}

void Pool::finish(Worker &worker, Report report) {
    report.seconds = std::chrono::duration<double>(Clock::now() - worker.start).count();
    done_.push_back({worker.job, std::move(report)});
    worker.busy = false;
}

/// Ends a worker for good. What it was scanning is answered with `why`.
void Pool::bury(Worker &worker, const char *why) {
    if (worker.busy)
        finish(worker, lost(why));
    if (!worker.ready)
        ++failed_starts_;
    ::kill(worker.pid, SIGKILL);
    dying_.push_back(worker.pid);
    run_.remove_worker(worker.number);
    const auto pid = worker.pid;
    std::erase_if(workers_, [pid](const Worker &other) { return other.pid == pid; });
    reap();
}

void Pool::reap() {
    std::erase_if(dying_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

Result<void> Pool::read(Worker &worker) {
    bool would_block = false;
    auto message = receive_message(worker.socket.get(), false, would_block);
    if (would_block)
        return {};
    std::optional<Report> report;
    if (message && message->kind == MessageKind::report && worker.busy)
        report = decode_report(message->body);
    if (report) {
        finish(worker, std::move(*report));
    } else if (message && message->kind == MessageKind::ready) {
        worker.ready = true;
        failed_starts_ = 0;
    } else if (message && message->kind == MessageKind::log) {
        if (messages_ && worker.messages++ < most_messages)
            messages_(message->body);
    } else {
        if (message && message->kind == MessageKind::failed)
            start_error_ = message->body;
        bury(worker, "Scanner crashed");
        if (!start_error_.empty() || failed_starts_ >= most_failed_starts)
            return fail("worker",
                        start_error_.empty() ? "dies as soon as it starts" : start_error_);
    }
    return {};
}

Result<void> Pool::handle(std::span<const pollfd> set) {
    for (const auto &polled : set) {
        if (polled.revents == 0)
            continue;
        const auto worker = std::ranges::find_if(workers_, [&polled](const Worker &candidate) {
            return candidate.socket.get() == polled.fd;
        });
        if (worker != workers_.end())
            if (auto ok = read(*worker); !ok)
                return ok;
    }
    const auto now = Clock::now();
    for (std::size_t i = workers_.size(); i-- > 0;)
        if (workers_[i].busy && now - workers_[i].start >= options_.timeout) {
            workers_[i].ready = true; // a slow file, not a worker that cannot start
            bury(workers_[i], "Timed out");
        }
    reap();
    return {};
}

std::vector<Done> Pool::take() { return std::exchange(done_, {}); }

void Pool::stop() {
    for (auto &worker : workers_) {
        ::kill(worker.pid, SIGKILL);
        dying_.push_back(worker.pid);
    }
    // A worker that sleeps in the kernel cannot be killed; nobody waits for it for ever.
    constexpr int tries = 200;
    constexpr timespec pause{0, 10'000'000};
    for (int i = 0; i < tries && !dying_.empty(); ++i) {
        reap();
        if (!dying_.empty())
            ::nanosleep(&pause, nullptr);
    }
    for (auto &worker : workers_)
        run_.remove_worker(worker.number);
    workers_.clear();
}

} // namespace hostav
