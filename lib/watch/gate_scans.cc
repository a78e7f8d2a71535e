// SPDX-License-Identifier: GPL-2.0-only
//
// Scans from the queue to the answer. Small files never wait behind large ones: the last free
// worker takes only small ones, and what nobody waits for takes none while somebody does.
#include "watch/gate.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/sysmacros.h>

namespace hostav {

namespace {

/// Infected files that are denied without a scan; more are scanned again.
constexpr std::size_t most_infected = 4096;
/// A file whose worker died is tried once more: it may not have been the file's fault.
constexpr unsigned most_tries = 2;

bool lost_its_worker(const Report &report) {
    return report.verdict == Verdict::error && report.error == "Scanner crashed";
}

std::string base_name(const std::string &path) {
    return path.substr(path.rfind('/') + 1);
}

} // namespace

int Gate::Scan::file() const {
    if (fd)
        return fd.get();
    return waiters.empty() ? late.front().fd.get() : waiters.front().fd.get();
}

void Gate::enqueue(ScanPtr scan) {
    auto &queue = scan->large ? large_ : small_;
    queue.push_back(std::move(scan));
    dispatch();
}

/// The queue that the next free worker serves, or nothing.
std::deque<Gate::ScanPtr> *Gate::next_queue() {
    const bool takes_large = busy_large_ + 1 < options_.workers;
    if (takes_large && !large_.empty() &&
        (small_.empty() || large_.front()->since < small_.front()->since))
        return &large_;
    if (!small_.empty())
        return &small_;
    // Nobody waits: one worker at a time may look at what somebody may ask for later.
    const bool quiet = large_.empty() && takes_large;
    const bool one = std::ranges::any_of(
        running_, [](const auto &running) { return running.second->background; });
    return quiet && !one && !background_.empty() ? &background_ : nullptr;
}

void Gate::dispatch() {
    while (pool_ && pool_->has_room()) {
        auto *const queue = next_queue();
        if (queue == nullptr)
            return;
        auto scan = std::move(queue->front());
        queue->pop_front();
        if (!submit(std::move(scan)))
            return;
    }
}

bool Gate::submit(ScanPtr scan) {
    const auto job = next_job_++;
    // What is recognised as a change is what happens after this look.
    scan->generation = generation_;
    scan->submitted = Clock::now();
    if (auto sent = pool_->submit(job, scan->file(), base_name(scan->path)); !sent) {
        control_.send("error", {"no worker for the gate: " + sent.error().text()});
        auto &queue = scan->background ? background_ : scan->large ? large_ : small_;
        queue.push_front(std::move(scan));
        engine_broke();
        return false;
    }
    busy_large_ += scan->large || scan->background ? 1 : 0;
    statistics_.count(scan->background ? Count::background : Count::scans);
    running_[job] = std::move(scan);
    return true;
}

void Gate::collect(Pool &pool) {
    const bool current = &pool == pool_.get();
    for (auto &done : pool.take()) {
        const auto found = running_.find(done.job);
        if (found == running_.end())
            continue;
        auto scan = std::move(found->second);
        running_.erase(found);
        busy_large_ -= scan->large || scan->background ? 1 : 0;
        const bool in_force = current && scan->generation == generation_;
        if (lost_its_worker(done.report) && ++scan->tries < most_tries)
            try_again(std::move(scan));
        else
            finish(std::move(scan), done.report, in_force);
    }
}

void Gate::try_again(ScanPtr scan) {
    auto &queue = scan->background ? background_ : scan->large ? large_ : small_;
    queue.push_front(std::move(scan));
}

void Gate::answer(Waiter &waiter, bool allow) {
    if (!waiter.asks)
        return;
    group_.answer(waiter.fd.get(), allow);
    statistics_.count(allow ? Count::allowed : Count::denied);
    statistics_.answers.add(Clock::now() - waiter.since);
}

void Gate::answer_all(Scan &scan, bool allow) {
    for (auto &waiter : scan.waiters)
        answer(waiter, allow);
}

void Gate::release(std::list<Waiter> &waiters) {
    held_ -= waiters.size();
    waiters.clear();
}

/// `current`: by the signatures that are in force. Answers first, tells afterwards.
void Gate::finish(ScanPtr scan, const Report &report, bool current) {
    const auto &config = options_.config;
    switch (report.verdict) {
    case Verdict::clean:
        statistics_.count(report.limits.empty() ? Count::clean : Count::partial);
        answer_all(*scan, true);
        if (current)
            remember(*scan);
        if (config.log_clean && scan->shown)
            control_.send("clean", {told_name(*scan)});
        break;
    case Verdict::infected: {
        statistics_.count(Count::infected);
        answer_all(*scan, !config.prevention);
        const bool denied = std::ranges::any_of(scan->waiters, [&config](const auto &waiter) {
            return waiter.asks && config.prevention;
        });
        if (scan->shown)
            report_found(*scan, report,
                         denied               ? "denied"
                         : scan->late.empty() ? "reported"
                                              : "late");
        if (current && scan->settled && !report.detections.empty()) {
            if (infected_.size() >= most_infected)
                infected_.clear();
            infected_[scan->identity] = report.detections.front().signature;
        }
        break;
    }
    case Verdict::error:
        statistics_.count(Count::failed);
        answer_all(*scan, !(config.deny_on_error && config.prevention));
        if (scan->shown)
            report_failed(*scan, report.error,
                          config.deny_on_error && config.prevention ? "denied" : "allowed");
        break;
    }
    release(scan->waiters);
    release(scan->late);
    held_ -= scan->fd ? 1 : 0;
}

/// Gives the verdict to the kernel, unless the content may be another one by now, or somebody may
/// change it in a way that the kernel does not tell.
void Gate::remember(Scan &scan) {
    if (!scan.remembers)
        return;
    const int fd = scan.file();
    // A store into a page that was dirty already changes no time; if its writer has closed while
    // the worker read, that is known, and if it closes now, the event is still to come.
    if (!scan.settled || written_since(scan.identity, scan.submitted) || !group_.remember(fd)) {
        statistics_.count(Count::unmarked);
        return;
    }
    const bool alone = nobody_writes(fd);
    struct stat st = {};
    const bool same = ::fstat(fd, &st) == 0 && Identity{st.st_dev, st.st_ino, st.st_size,
                                                        st.st_ctim, st.st_mtim} == scan.identity;
    if (!alone || !same)
        group_.forget(fd);
    statistics_.count(alone && same ? Count::marks : Count::unmarked);
    if (alone && same)
        note_hot(scan);
}

void Gate::note_hot(const Scan &scan) {
    constexpr std::size_t most_hot = 2000;
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
    auto *const handle = reinterpret_cast<file_handle *>(bytes.data());
    handle->handle_bytes = MAX_HANDLE_SZ;
    int mount = 0;
    if (::name_to_handle_at(scan.file(), "", handle, &mount, AT_EMPTY_PATH) != 0)
        return;
    hot_.push_back({scan.mount, hex({bytes.data(), sizeof(file_handle) + handle->handle_bytes})});
    if (hot_.size() > most_hot)
        hot_.pop_front();
}

/// After new signatures, while nobody waits: what was asked for lately is scanned again, the newest
/// first. The main process opens it: our own open would wait for ourselves.
void Gate::warm_up() {
    constexpr unsigned batch = 16;
    if (reopen_.empty() || reopening_ > 0 || !background_.empty() || !small_.empty() ||
        !large_.empty())
        return;
    for (; reopening_ < batch && !reopen_.empty(); ++reopening_) {
        control_.send("reopen", {std::to_string(reopen_.back().mount), reopen_.back().handle});
        reopen_.pop_back();
    }
}

void Gate::take_reopened(Word &word) {
    reopening_ -= reopening_ > 0 ? 1 : 0;
    struct statx st = {};
    if (!word.fd || !look_at(word.fd.get(), st) || !S_ISREG(st.stx_mode))
        return;
    earn(std::move(word.fd), identity_of(st), st, "", false);
}

/// What a file is called here that was reached by a path which means another one here, or nothing:
/// a mount of another namespace, an overlay's own mount of its layer. Whoever reads the log, or
/// removes what VirusEvent names, must not be led to that other one.
std::string Gate::own_name(const Scan &scan) const {
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
    auto *const handle = reinterpret_cast<file_handle *>(bytes.data());
    handle->handle_bytes = MAX_HANDLE_SZ;
    int number = 0;
    const auto device = std::to_string(major(scan.identity.device)) + ":" +
                        std::to_string(minor(scan.identity.device));
    if (::name_to_handle_at(scan.file(), "", handle, &number, AT_EMPTY_PATH) == 0)
        for (const auto &mount : territory_.table().mounts()) {
            if (mount.device != device || may_hang(mount))
                continue;
            // Directories raise no event that somebody waits for, nor does O_PATH.
            const Fd place(::open(mount.point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            const Fd file(place ? ::open_by_handle_at(place.get(), handle, O_PATH | O_CLOEXEC)
                                : -1);
            auto path = file ? path_of_event(file.get()) : std::string();
            struct stat st = {};
            if (::lstat(path.c_str(), &st) == 0 && st.st_dev == scan.identity.device &&
                st.st_ino == scan.identity.inode)
                return path;
        }
    return "inode " + std::to_string(scan.identity.inode) + " of device " + device +
           (scan.path.empty() ? "" : ", elsewhere called " + scan.path);
}

const std::string &Gate::told_name(Scan &scan) const {
    if (std::exchange(scan.foreign, false))
        scan.path = own_name(scan);
    constexpr std::size_t longest = 65536; // that a message, and an environment, holds
    if (scan.path.size() > longest)
        scan.path.replace(0, scan.path.size() - longest, "...");
    return scan.path;
}

bool Gate::is_said_anew(Scan &scan, const std::string &what, std::string answer) {
    // Where something is done with a file, it is done with every new one at the same place.
    if (options_.acts)
        answer += " " + std::to_string(scan.identity.inode) + " " + scan.identity.change_time();
    const bool anew = repeats_.is_new({told_name(scan), what, std::move(answer)}, Clock::now());
    statistics_.count(Count::repeated, anew ? 0 : 1);
    return anew;
}

void Gate::report_failed(Scan &scan, const std::string &why, const char *answer) {
    if (is_said_anew(scan, why, answer))
        control_.send("failed", {told_name(scan), why, answer});
}

void Gate::report_found(Scan &scan, const Report &report, const char *answer) {
    if (report.detections.empty() ||
        !is_said_anew(scan, report.detections.front().signature, answer))
        return;
    std::vector<std::string> fields{
        told_name(scan), answer,
        report.md5,      std::to_string(scan.identity.size),
        report.sha256,   std::to_string(scan.waiters.empty() ? 0 : scan.waiters.front().pid)};
    for (const auto &detection : report.detections)
        fields.push_back(detection.signature);
    Fd copy;
    // The main process reads what it moves: it must not wait for a server of somebody's.
    const auto *const mount = territory_.table().find(scan.mount);
    const bool safe = mount != nullptr ? !may_hang(*mount) : options_.name == plain_gate;
    if (options_.acts && safe && room() > capacity_ / 2)
        copy.reset(::fcntl(scan.file(), F_DUPFD_CLOEXEC, 0));
    control_.send("found", fields, std::move(copy));
}

/// No worker can be had: what runs is queued again, and the main process brings another engine.
void Gate::engine_broke() {
    if (!pool_)
        return;
    control_.send("broken", {std::to_string(generation_)});
    pool_.reset();
    take_back(generation_);
}

/// The workers of that generation are gone; what they had is queued again.
void Gate::take_back(unsigned generation) {
    for (auto &[job, scan] : running_)
        if (scan->generation == generation) {
            busy_large_ -= scan->large || scan->background ? 1 : 0;
            try_again(std::move(scan));
        }
    std::erase_if(running_, [](const auto &running) { return !running.second; });
}

void Gate::meet_deadlines() {
    const auto now = Clock::now();
    if (now < next_deadline_)
        return;
    next_deadline_ = Clock::time_point::max();
    const auto limit = std::chrono::seconds(options_.config.deadline);
    const bool allow = !(options_.config.deny_on_error && options_.config.prevention);
    const auto look = [&](Scan &scan) {
        while (!scan.waiters.empty() && scan.waiters.front().since + limit <= now) {
            auto &waiter = scan.waiters.front();
            if (waiter.asks) {
                answer(waiter, allow);
                statistics_.count(Count::deadline);
                control_.send("deadline", {told_name(scan), allow ? "allowed" : "denied"});
            }
            scan.late.splice(scan.late.end(), scan.waiters, scan.waiters.begin());
        }
        // One descriptor is enough to go on with the scan.
        while (scan.late.size() > 1) {
            scan.late.pop_back();
            --held_;
        }
        if (!scan.waiters.empty())
            next_deadline_ = std::min(next_deadline_, scan.waiters.front().since + limit);
    };
    for (auto *queue : {&small_, &large_}) {
        for (auto &scan : *queue)
            look(*scan);
        // Nobody waits for it any more, and no worker has it.
        std::erase_if(*queue, [this](const ScanPtr &scan) {
            if (!scan->waiters.empty())
                return false;
            release(scan->late);
            return true;
        });
    }
    for (auto &[job, scan] : running_)
        look(*scan);
}

} // namespace hostav
