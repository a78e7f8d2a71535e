// SPDX-License-Identifier: GPL-2.0-only
//
// The loop: signals, clocks, mounts, reloading.
#include "watch/supervisor.h"

#include "base/service_manager.h"
#include "base/text.h"
#include "engine/database.h"
#include "engine/engine_digest.h"
#include "engine/message.h"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::chrono::seconds look_every{2};
constexpr std::chrono::seconds statistics_patience{1};
constexpr std::chrono::seconds old_engine_patience{10};

} // namespace

void Supervisor::self_check() {
    const auto &config = parts_.config;
    if (config.self_check == 0 || Clock::now() < next_check_ || !engine_ || !engine_->state)
        return;
    next_check_ = Clock::now() + std::chrono::seconds(config.self_check);
    if (loading_)
        return;
    auto options = config.engine;
    options.load.embedded = !holds_databases(config.database_directory);
    const auto digest = engine_digest(options);
    if (digest.empty() || digest == engine_->state->digest) {
        parts_.messages.info("SelfCheck: Database status OK.");
        return;
    }
    parts_.messages.info("SelfCheck: Database modification detected. Forcing reload.");
    reload();
}

void Supervisor::reload() {
    if (loading_) { // the one that loads may have begun too early
        reload_wanted_ = true;
        return;
    }
    reload_wanted_ = false;
    parts_.messages.info("Reading databases from " + escape_path(parts_.config.database_directory));
    if (!parts_.config.concurrent_reload && engine_) {
        for (auto &[name, gate] : gates_)
            gate.wire.send("no-engine");
        if (door_)
            door_->wire.send("no-engine");
        retire(std::move(*engine_));
        engine_.reset();
        waiting_for_old_ = true;
        waiting_since_ = Clock::now();
        return;
    }
    if (auto started = start_engine(); !started) {
        parts_.messages.error("reload: " + started.error().text());
        engine_backoff_.failed();
    }
}

void Supervisor::take_signals() {
    if (parts_.signals.pending() != 0)
        quit_ = true;
    for (int signal = 0; (signal = parts_.signals.take_waking()) != 0;) {
        if (signal == SIGCHLD)
            reap();
        else if (signal == SIGUSR2)
            reload();
        else if (signal == SIGUSR1) {
            log_statistics_ = true;
            ask_statistics();
        } // HUP: the log is opened anew whenever it was moved away
    }
}

void Supervisor::look_at_mounts() {
    if (!parts_.config.watches())
        return;
    auto table = MountTable::read(mountinfo_.get());
    if (!table)
        return parts_.messages.error(table.error().text());
    const auto before = territory_.missing();
    territory_.update(std::move(*table));
    const auto &missing = territory_.missing();
    for (const auto &path : missing)
        if (std::ranges::find(before, path) == before.end())
            parts_.messages.warning("OnAccessIncludePath " + escape_path(path) +
                                    ": does not exist (yet)");
    for (const auto &path : before)
        if (std::ranges::find(missing, path) == missing.end())
            parts_.messages.info("OnAccessIncludePath " + escape_path(path) + ": is there now");
    mounts_changed_ = false;
}

void Supervisor::announce() {
    const bool gates = !parts_.config.watches() ||
                       (!gates_.empty() && std::ranges::all_of(gates_, [](const auto &gate) {
                           return gate.second.ready;
                       }));
    if (announced_ || !engine_ || !gates)
        return;
    if (auto listening =
            parts_.listeners.listen(static_cast<int>(parts_.config.max_connection_queue));
        !listening) {
        fatal_ = listening.error();
        return;
    }
    announced_ = true;
    start_door();
    if (parts_.config.self_check != 0)
        parts_.messages.info("Self checking every " + std::to_string(parts_.config.self_check) +
                             " seconds.");
    notify_service_manager("READY=1\nSTATUS=protecting");
}

/// What has its time, and what should be there and is not.
void Supervisor::look_after() {
    const auto now = Clock::now();
    self_check();
    if (reload_wanted_ && !loading_)
        reload();
    if (!engine_ && !loading_ && !waiting_for_old_ && engine_backoff_.over() && !fatal_)
        if (auto started = start_engine(); !started) {
            parts_.messages.error(started.error().text());
            engine_backoff_.failed();
        }
    // A scan that still uses the old engine must not keep openers waiting for the new one.
    if (waiting_for_old_ && now - waiting_since_ > old_engine_patience)
        for (const auto &[pid, control] : retired_)
            ::kill(pid, SIGKILL);
    for (auto &[name, gate] : gates_)
        if (gate.wants_engine && now - gate.given > std::chrono::seconds(1))
            give_gate_engine(gate);
    if (mounts_changed_ || now >= next_look_)
        look_at_mounts();
    start_gates();
    if (announced_)
        start_door();
    if (now >= next_look_)
        next_look_ = now + look_every;
    if (const auto interval = watchdog_interval(); interval.count() > 0 && now >= next_watchdog_) {
        next_watchdog_ = now + interval;
        notify_service_manager("WATCHDOG=1");
    }
    if ((!asked_.empty() || log_statistics_) && now - asked_since_ > statistics_patience)
        answer_statistics(); // without those who are late
    for (const auto &text : events_.tend())
        parts_.messages.warning(text);
    announce();
}

void Supervisor::wait() {
    std::vector<pollfd> set{{parts_.signals.fd(), POLLIN, 0},
                            {mountinfo_.get(), POLLPRI, 0},
                            {engine_ ? engine_->control.get() : -1, POLLIN, 0},
                            {loading_ ? loading_->control.get() : -1, POLLIN, 0},
                            door_ ? door_->wire.poll_for() : pollfd{-1, 0, 0}};
    for (const auto &[name, gate] : gates_)
        set.push_back(gate.wire.poll_for());
    auto until = next_look_;
    if (!asked_.empty() || log_statistics_)
        until = std::min(until, asked_since_ + statistics_patience);
    if (watchdog_interval().count() > 0)
        until = std::min(until, next_watchdog_);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count() + 1;
    constexpr std::int64_t longest = 2000;
    if (::poll(set.data(), set.size(),
               static_cast<int>(std::clamp<std::int64_t>(left, 0, longest))) < 0 &&
        errno != EINTR)
        fatal_ = Error{"poll", "fails"};
    mounts_changed_ = mounts_changed_ || (set[1].revents & (POLLPRI | POLLERR)) != 0;
    if (engine_ && set[2].revents != 0)
        hear_engine(*engine_);
    if (loading_ && set[3].revents != 0)
        hear_engine(*loading_);
    hear_door();
    std::vector<std::string> names;
    names.reserve(gates_.size());
    for (const auto &[name, gate] : gates_)
        names.push_back(name);
    for (const auto &name : names)
        if (const auto gate = gates_.find(name); gate != gates_.end())
            hear_gate(name, gate->second);
    take_signals();
    look_after();
}

/// Gates answer whoever waits and end; nothing waits for them longer than a moment.
void Supervisor::shut_down() {
    quit_ = true;
    notify_service_manager("STOPPING=1");
    for (auto &[name, gate] : gates_)
        gate.wire.send("quit");
    if (door_)
        door_->wire.send("quit");
    constexpr int tries = 100;
    constexpr timespec pause{0, 10'000'000};
    for (int i = 0; i < tries && (!gates_.empty() || door_); ++i) {
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
            const auto gate = std::ranges::find_if(
                gates_, [pid](const auto &each) { return each.second.pid == pid; });
            if (gate != gates_.end()) {
                guard_.give_back(gate->second.beat);
                hear_gate(gate->first, gate->second);
                gates_.erase(gate);
            }
            if (door_ && door_->pid == pid)
                door_.reset();
        }
        if (!gates_.empty() || door_)
            ::nanosleep(&pause, nullptr);
    }
    for (const auto &[name, gate] : gates_)
        ::kill(gate.pid, SIGKILL);
    if (door_)
        ::kill(door_->pid, SIGKILL);
    // Engines end by themselves when their sockets close; the directory of their workers goes then.
    std::vector<pid_t> engines;
    for (auto *engine : {&engine_, &loading_})
        if (*engine) {
            engines.push_back((*engine)->pid);
            engine->reset();
        }
    for (auto &[pid, control] : retired_) {
        engines.push_back(pid);
        control.reset();
    }
    for (int i = 0; i < tries && !engines.empty(); ++i) {
        std::erase_if(engines, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
        if (!engines.empty())
            ::nanosleep(&pause, nullptr);
    }
    for (const auto pid : engines)
        ::kill(pid, SIGKILL);
}

Result<void> Supervisor::run() {
    parts_.messages.info("Reading databases from " + escape_path(parts_.config.database_directory));
    while (!quit_ && !fatal_)
        wait();
    shut_down();
    if (fatal_)
        return std::unexpected(*fatal_);
    return {};
}

} // namespace hostav
