// SPDX-License-Identifier: GPL-2.0-only
#include "engine/pool.h"

#include "engine/message.h"

#include <algorithm>

namespace hostav {

namespace {

/// Workers that die before they were ready, in a row, until we stop trying.
constexpr unsigned most_failed_starts = 3;
/// libclamav's messages about one file; a hostile one could make it talk for ever.
constexpr unsigned most_messages = 100;

Report lost(const char *why) {
    Report report;
    report.verdict = Verdict::error;
    report.error = why;
    return report;
}

} // namespace

Pool::Pool(std::unique_ptr<WorkerHost> host, const PoolOptions &options)
    : host_(std::move(host)), options_(options) {}

Pool::~Pool() {
    if (host_)
        stop();
}

Result<Pool> Pool::create(Engine &engine, const PoolOptions &options, RunDirectory run) {
    auto host = LocalWorkers::create(engine, options.digest, std::move(run));
    if (!host)
        return std::unexpected(host.error());
    return Pool(std::move(*host), options);
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
    if (auto started = host_->start(worker.number, std::move(ends->second)); !started)
        return started;
    worker.lent = host_->lent();
    worker.socket = std::move(ends->first);
    worker.start = Clock::now();
    workers_.push_back(std::move(worker));
    return {};
}

Result<void> Pool::start_ahead(unsigned count) {
    while (workers_.size() < std::min(count, options_.workers))
        if (auto started = start_worker(); !started)
            return started;
    return {};
}

Result<void> Pool::submit(std::uint64_t job, int fd, const std::string &name, bool all_matches) {
    const auto kind = all_matches ? MessageKind::job_all : MessageKind::job;
    const auto idle = [](const Worker &worker) { return !worker.busy; };
    for (unsigned tries = 0; tries <= most_failed_starts; ++tries) {
        auto worker = std::ranges::find_if(workers_, idle);
        if (worker == workers_.end()) {
            if (auto started = start_worker(); !started)
                return started;
            worker = std::prev(workers_.end());
        }
        if (send_message(worker->socket.get(), kind, name, fd)) {
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
    done_.push_back({worker.job, std::move(report), false});
    worker.busy = false;
    worker.start = Clock::now();
}

/// Ends a worker for good. What it was scanning is answered with `why`.
void Pool::bury(Worker &worker, const char *why) {
    if (worker.busy)
        finish(worker, lost(why));
    if (!worker.ready)
        ++failed_starts_;
    const auto number = worker.number;
    host_->end(number);
    std::erase_if(workers_, [number](const Worker &other) { return other.number == number; });
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
        const bool lost_with_lender = worker.busy && worker.lent;
        bury(worker, "Scanner crashed");
        if (lost_with_lender)
            done_.back().lent = true;
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
    host_->reap();
    return {};
}

void Pool::end_idle(std::chrono::milliseconds longer_than) {
    const auto now = Clock::now();
    std::erase_if(workers_, [&](const Worker &worker) {
        if (worker.busy || now - worker.start < longer_than)
            return false;
        host_->end(worker.number);
        return true;
    });
    host_->reap();
}

std::vector<Done> Pool::take() {
    return std::exchange(done_, {});
}

void Pool::stop() {
    for (const auto &worker : workers_)
        host_->end(worker.number);
    workers_.clear();
    host_->wait_for_ended();
}

} // namespace hostav
