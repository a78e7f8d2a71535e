// SPDX-License-Identifier: GPL-2.0-only
#include "watch/gate.h"

#include "base/child.h"
#include "base/text.h"
#include "engine/engine_server.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr int control_number = 3;
/// Descriptors for everything but events: sockets of workers, mountinfo, what is opened for a
/// moment.
constexpr std::size_t other_descriptors = 16;
/// More openers than this wait in the kernel.
constexpr std::size_t most_held = 4096;
/// How often missing paths are looked for; mounts are told by the kernel.
constexpr std::chrono::milliseconds look_again{1000};

void leave_parent(Fd &control, pid_t parent) {
    begin_child(parent);
    ::signal(SIGIO, SIG_IGN); // a lease that somebody breaks would kill us with it
    ::dup2(control.release(), control_number);
    ::syscall(SYS_close_range, control_number + 1, ~0U, 0);
    control.reset(control_number);
}

std::size_t descriptors_for_events(unsigned workers) {
    rlimit limit{};
    // Workers of an old engine may finish something beside those of the new one.
    const auto others = other_descriptors + std::size_t{2} * workers;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= others)
        return 0;
    return std::min<std::size_t>(limit.rlim_cur - others, most_held);
}

} // namespace

Gate::Gate(const GateOptions &options, Fd control, FanotifyGroup group, Fd mountinfo)
    : options_(options), control_(std::move(control)), group_(std::move(group)),
      mountinfo_(std::move(mountinfo)),
      territory_({options.config.include_paths, options.config.exclude_paths,
                  options.config.exclude_patterns, options.config.mount_paths}),
      main_(::getppid()), capacity_(descriptors_for_events(options.workers)) {
    own_sessions_.insert(::getpid());
    for (const auto uid : options.config.excluded_uids)
        excluded_users_.insert(static_cast<uid_t>(uid));
}

Result<std::unique_ptr<Gate>> Gate::create(const GateOptions &options, Fd control) {
    const auto &config = options.config;
    if (descriptors_for_events(options.workers) == 0)
        return fail("RLIMIT_NOFILE",
                    "too few descriptors for " + std::to_string(options.workers) + " workers");
    auto group = FanotifyGroup::create({config.gate_open, config.gate_exec, config.prevention});
    if (!group)
        return std::unexpected(group.error());
    Fd mountinfo(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
    if (!mountinfo)
        return fail_errno("/proc/self/mountinfo");
    return std::unique_ptr<Gate>(
        new Gate(options, std::move(control), std::move(*group), std::move(mountinfo)));
}

void Gate::complain_once(const std::string &key, const std::string &text) {
    if (complained_.insert(key).second)
        control_.send("warning", {text});
}

void Gate::mark(const std::vector<const Mount *> &mounts, const FileSystemKind &kind) {
    const auto &device = mounts.front()->device;
    for (const auto *mount : mounts)
        remembers_[mount->id] = kind.remembers;
    std::string why = "no mount of it can be reached";
    for (const auto *mount : mounts) {
        // Another mount may lie over it: what the path leads to is what counts.
        const Fd place(::open(mount->point.c_str(), O_PATH | O_CLOEXEC));
        struct statx st = {};
        if (!place || !look_at(place.get(), st) || st.stx_mnt_id != mount->id)
            continue;
        bool whole = true;
        // Again where it is marked already: it may have been mounted anew, under the same number.
        const auto marked =
            group_.mark_file_system("/proc/self/fd/" + std::to_string(place.get()), whole);
        if (!marked) {
            why = marked.error().why;
            continue;
        }
        if (marked_.insert(device).second)
            control_.send("marked", {device, mount->point, mount->type});
        if (whole)
            return;
        complain_once("mount " + device, escape_path(mount->point) +
                                             ": this kernel can watch mounts only, not their file "
                                             "system");
        why.clear(); // but all of them
    }
    if (why.empty())
        return;
    unmarked_ = true;
    marked_.erase(device);
    complain_once("mark " + device, escape_path(mounts.front()->point) + " (" +
                                        mounts.front()->type + ") is not watched: " + why);
}

/// What is inside may have changed: an included path has appeared, or `mounted`: mounts have.
void Gate::look_at_mounts(bool mounted) {
    next_look_ = Clock::now() + look_again;
    auto table = MountTable::read(mountinfo_.get());
    if (!table) {
        complain_once("mountinfo", table.error().text());
        return;
    }
    const bool changed = territory_.update(std::move(*table));
    if (!changed && !mounted && !unmarked_ && !marked_.empty())
        return;
    unmarked_ = false;
    // A number that is gone may come back as another file system.
    std::set<std::string> present;
    for (const auto &mount : territory_.table().mounts())
        present.insert(mount.device);
    std::erase_if(marked_, [&present](const auto &device) { return !present.contains(device); });
    for (const auto &mounts : territory_.marked()) {
        const auto kind = kind_of(*mounts.front(), territory_.table());
        if (kind.gate == options_.name)
            mark(mounts, kind);
    }
    for (const auto *mount : territory_.reported_mounts())
        if (kind_of(*mount, territory_.table()).gate == options_.name)
            if (auto marked = group_.mark_mount(mount->point); !marked)
                complain_once("report " + mount->point, marked.error().text());
}

void Gate::retire_pool() {
    if (!pool_)
        return;
    if (old_pool_) {
        old_pool_.reset();
        take_back(old_generation_);
    }
    old_pool_ = std::move(pool_);
    old_generation_ = generation_;
}

void Gate::take_engine(Word &word) {
    const auto generation = static_cast<unsigned>(word.number(0));
    PoolOptions pool;
    pool.workers = options_.workers;
    pool.timeout = options_.config.file_timeout();
    // The old engine finishes what it has; its verdicts are answers, but are not remembered.
    retire_pool();
    pool_ = std::make_unique<Pool>(std::make_unique<RemoteWorkers>(std::move(word.fd)), pool);
    generation_ = generation;
    infected_.clear();
    group_.forget_all();
    reopen_ = std::exchange(hot_, {});
    reopening_ = 0;
    best_effort(pool_->start_ahead(options_.name == plain_gate ? options_.workers : 1));
    control_.send("serving", {std::to_string(generation)});
}

void Gate::hear_word(Word &word) {
    if (word.name == "own") {
        own_sessions_ = {::getpid()};
        for (std::size_t i = 0; i < word.fields.size(); ++i)
            own_sessions_.insert(static_cast<pid_t>(word.number(i)));
    } else if (word.name == "engine" && word.fd) {
        take_engine(word);
    } else if (word.name == "no-engine") {
        retire_pool();
    } else if (word.name == "register") {
        registered_.insert(static_cast<pid_t>(word.number(0)));
    } else if (word.name == "unregister") {
        registered_.erase(static_cast<pid_t>(word.number(0)));
    } else if (word.name == "clean" && word.fd && word.number(0) == generation_) {
        struct statx st = {};
        if (look_at(word.fd.get(), st)) {
            const auto identity = identity_of(st);
            auto scan = new_scan(identity, st, "");
            scan->fd = std::move(word.fd);
            scan->submitted = Clock::now() - options_.config.file_timeout(); // at the earliest
            // It is as it was when the scan began, or it earns nothing.
            if (word.text(1) == identity.change_time() &&
                marked_.contains(std::to_string(st.stx_dev_major) + ":" +
                                 std::to_string(st.stx_dev_minor)))
                remember(*scan);
        }
    } else if (word.name == "reopened") {
        take_reopened(word);
    } else if (word.name == "statistics") {
        statistics_.queue = small_.size() + large_.size();
        statistics_.workers = options_.workers;
        statistics_.busy = pool_ ? pool_->busy() : 0;
        control_.send("statistics", statistics_.fields());
    } else if (word.name == "quit") {
        quit_ = true;
    }
}

void Gate::hear() {
    while (auto word = control_.receive())
        hear_word(*word);
    if (control_.closed())
        quit_ = true;
}

void Gate::wait() {
    std::vector<pollfd> set{control_.poll_for(),
                            {mountinfo_.get(), POLLPRI, 0},
                            {room() > 0 ? group_.fd() : -1, POLLIN, 0}};
    if (options_.beat != nullptr)
        options_.beat->rounds.fetch_add(1, std::memory_order_relaxed);
    if (room() == 0)
        group_.note_waiting();
    const auto now = Clock::now();
    auto until = std::min({next_look_, next_deadline_, repeats_.next()});
    for (const auto *pool : {pool_.get(), old_pool_.get()}) {
        if (pool == nullptr)
            continue;
        pool->add_to(set);
        if (const int left = pool->milliseconds_left(); left >= 0)
            until = std::min(until, now + std::chrono::milliseconds(left));
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count() + 1;
    // One small file is scanned sooner than a sleeping process is woken on another CPU.
    constexpr std::chrono::microseconds moment{150};
    int ready = 0;
    if (several_cpus_ && running_.size() == 1 && small_.empty() && !running_.begin()->second->large)
        for (const auto end = now + moment; ready == 0 && Clock::now() < end; ::sched_yield())
            ready = ::poll(set.data(), set.size(), 0);
    if (ready == 0 &&
        ::poll(set.data(), set.size(),
               static_cast<int>(std::clamp<std::int64_t>(left, 0, look_again.count()))) < 0 &&
        errno != EINTR)
        return end();
    control_.flush();
    // Before events: they may be of processes that we are told of just now.
    if ((set[0].revents | set[2].revents) != 0)
        hear();
    if (const bool mounted = (set[1].revents & (POLLPRI | POLLERR)) != 0;
        mounted || Clock::now() >= next_look_)
        look_at_mounts(mounted);
    const std::span<const pollfd> workers(set.begin() + 3, set.end());
    if (pool_) {
        const auto handled = pool_->handle(workers);
        collect(*pool_);
        if (!handled) {
            control_.send("error", {"the workers of the gate: " + handled.error().text()});
            engine_broke();
        }
    }
    if (old_pool_) {
        best_effort(old_pool_->handle(workers));
        collect(*old_pool_);
        if (old_pool_->busy() == 0)
            old_pool_.reset();
    }
    if (set[2].revents != 0)
        take_events();
    meet_deadlines();
    say_what_was_kept_back(Clock::now());
    warm_up();
    dispatch();
}

void Gate::say_what_was_kept_back(Clock::time_point now) {
    for (const auto &each : repeats_.take(now))
        control_.send("repeated", {each.path, each.what, std::to_string(each.times),
                                   std::to_string(each.within.count())});
    if (const auto lost = control_.take_lost(); lost > 0)
        control_.send("lost", {std::to_string(lost)});
}

/// Words that wait for the main process hold some of them, too.
std::size_t Gate::room() const {
    const auto taken = held_ + control_.kept_descriptors();
    return capacity_ > taken ? capacity_ - taken : 0;
}

/// Whoever waits gets the fail mode's answer; what the kernel still has it lets go with the group.
void Gate::end() {
    quit_ = true;
    const bool allow = !(options_.config.deny_on_error && options_.config.prevention);
    for (auto *queue : {&small_, &large_})
        for (auto &scan : *queue)
            answer_all(*scan, allow);
    for (auto &[job, scan] : running_)
        answer_all(*scan, allow);
    say_what_was_kept_back(Clock::now() + Repeats::window); // none will be over any more
}

void Gate::run() {
    look_at_mounts(true);
    control_.send("ready", {group_.features()});
    while (!quit_)
        wait();
    end();
}

void run_gate(const GateOptions &options, Fd control, pid_t parent) {
    leave_parent(control, parent);
    const int copy = ::fcntl(control.get(), F_DUPFD_CLOEXEC, control_number + 1);
    auto gate = Gate::create(options, std::move(control));
    if (!gate) {
        Wire(Fd(copy)).send("failed-start", {gate.error().text()});
        ::_exit(1);
    }
    ::close(copy);
    (*gate)->run();
    ::_exit(0);
}

} // namespace hostav
