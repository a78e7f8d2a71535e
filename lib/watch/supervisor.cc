// SPDX-License-Identifier: GPL-2.0-only
//
// The children: made, given what they need, buried, made again.
#include "watch/supervisor.h"

#include "base/child.h"
#include "base/cpus.h"
#include "base/text.h"
#include "engine/message.h"
#include "watch/gate.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hostav {

namespace {

/// A gate that does not come round for so long hangs: openers must not.
constexpr std::chrono::seconds gate_patience{10};

unsigned door_workers(const WatchConfig &config) {
    return std::min(static_cast<unsigned>(config.max_threads), std::max(2U, available_cpus()));
}

/// The child of a fork that becomes the door.
[[noreturn]] void be_door(const DoorOptions &options, Fd control, pid_t parent,
                          const std::optional<Account> &account) {
    begin_child(parent);
    // What the door does not need it does not get; its sockets keep their numbers.
    std::vector<int> kept = options.listeners;
    kept.push_back(control.get());
    std::ranges::sort(kept);
    int from = STDERR_FILENO + 1;
    for (const int fd : kept) {
        if (fd > from)
            ::syscall(SYS_close_range, from, fd - 1, 0);
        from = fd + 1;
    }
    ::syscall(SYS_close_range, from, ~0U, 0);
    if (::chdir("/") != 0 || (account && !become(*account)))
        ::_exit(1);
    run_door(options, std::move(control));
    ::_exit(0);
}

} // namespace

void Supervisor::Backoff::failed() {
    constexpr std::chrono::seconds longest{60};
    not_before = Clock::now() + delay;
    delay = std::clamp(delay * 2, std::chrono::seconds(1), longest);
}

Supervisor::Supervisor(const SupervisorParts &parts)
    : parts_(parts), guard_(gate_patience),
      events_(parts.config.virus_event.value_or(""), parts.account),
      mountinfo_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)),
      territory_({parts.config.include_paths, parts.config.exclude_paths,
                  parts.config.exclude_patterns, parts.config.mount_paths}),
      next_check_(Clock::now() + std::chrono::seconds(parts.config.self_check)) {}

Supervisor::~Supervisor() = default;

/// Who is one of us: a gate lets our own opens pass, or everybody would wait for everybody.
void Supervisor::tell_own() {
    std::vector<std::string> sessions;
    const auto add = [&sessions](pid_t pid) {
        if (pid != 0)
            sessions.push_back(std::to_string(pid));
    };
    for (const auto &engine : {&engine_, &loading_})
        add(*engine ? (*engine)->pid : 0);
    for (const auto &[pid, control] : retired_)
        add(pid);
    for (const auto &[name, gate] : gates_)
        add(gate.pid);
    add(door_ ? door_->pid : 0);
    for (auto &[name, gate] : gates_)
        gate.wire.send("own", sessions);
}

Result<void> Supervisor::start_engine() {
    auto ends = message_pair();
    if (!ends)
        return std::unexpected(ends.error());
    EngineServerOptions options;
    options.engine = parts_.config.engine;
    options.temp_directory = parts_.config.temporary_directory.value_or("");
    options.workers = parts_.config.gate_workers() + door_workers(parts_.config);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno("fork");
    if (pid == 0)
        run_engine_server(options, std::move(ends->second), parent);
    EngineChild child;
    child.pid = pid;
    child.control = std::move(ends->first);
    child.generation = ++generation_;
    loading_ = std::move(child);
    tell_own();
    if (!send_message(loading_->control.get(), MessageKind::start, ""))
        return fail("engine", "died as soon as it started");
    return {};
}

/// Ends once its last client has let it go.
void Supervisor::retire(EngineChild engine) {
    static_cast<void>(send_message(engine.control.get(), MessageKind::end, ""));
    retired_[engine.pid] = std::move(engine.control);
}

void Supervisor::give_engine(Wire &wire, bool lending) {
    if (!engine_ || !engine_->state)
        return;
    for (const bool lend : {false, true}) {
        if (lend && !lending)
            break;
        auto ends = message_pair();
        if (!ends ||
            !send_message(engine_->control.get(), MessageKind::client, "", ends->second.get())) {
            parts_.messages.error("engine: cannot be reached");
            return;
        }
        std::vector<std::string> fields{std::to_string(engine_->generation)};
        if (lending && !lend) {
            std::string_view state;
            const auto text = encode_state(*engine_->state);
            state = text;
            for (auto end = state.find('\0'); end != std::string_view::npos;
                 end = state.find('\0')) {
                fields.emplace_back(state.substr(0, end));
                state.remove_prefix(end + 1);
            }
        }
        wire.send(lend ? "lending" : "engine", fields, std::move(ends->first));
    }
}

void Supervisor::give_gate_engine(GateChild &gate) {
    gate.wants_engine = false;
    gate.given = Clock::now();
    give_engine(gate.wire, false);
}

void Supervisor::hear_engine(EngineChild &engine) {
    bool would_block = false;
    while (auto message = receive_message(engine.control.get(), false, would_block)) {
        if (message->kind == MessageKind::log) {
            parts_.messages.relay(message->body);
        } else if (message->kind == MessageKind::ready && loading_ && loading_->pid == engine.pid) {
            engine.state = decode_state(message->body);
            return engine_ready();
        } else if (message->kind == MessageKind::failed && loading_ &&
                   loading_->pid == engine.pid) {
            return engine_failed(message->body);
        }
    }
    // That it has gone is what reap() sees.
}

void Supervisor::engine_ready() {
    const bool first = !engine_ && generation_ == loading_->generation && !announced_;
    const auto signatures = std::to_string(loading_->state->signatures);
    const bool embedded = loading_->state->embedded;
    engine_backoff_.delay = std::chrono::seconds(0);
    if (engine_)
        retire(std::move(*engine_));
    engine_ = std::move(loading_);
    loading_.reset();
    for (auto &[name, gate] : gates_)
        give_gate_engine(gate);
    if (door_)
        give_engine(door_->wire, true);
    // Who reads this may count on the new signatures.
    auto &messages = parts_.messages;
    if (first) {
        messages.info("Loaded " + signatures + " signatures.");
    } else {
        messages.info("Database correctly reloaded (" + signatures + " signatures)");
        messages.info("Activating the newly loaded database...");
    }
    if (embedded)
        messages.warning("no signatures in " + escape_path(parts_.config.database_directory) +
                         ": the embedded ones only know the EICAR and ClamAV test files");
}

void Supervisor::engine_failed(const std::string &why) {
    const auto pid = loading_->pid;
    retired_[pid] = std::move(loading_->control);
    loading_.reset();
    if (!announced_ && !engine_) {
        fatal_ = Error{"signatures", why};
        return;
    }
    parts_.messages.error(engine_ ? "reload: " + why + ": the old signatures stay in service"
                                  : "reload: " + why +
                                        ": there are no signatures until they can be loaded");
    engine_backoff_.failed();
}

void Supervisor::start_gate(const std::string &name) {
    // An ordinary user may be able to mount as many FUSE file systems as he likes.
    auto *const beat = guard_.take();
    if (beat == nullptr) {
        if (!std::exchange(too_many_gates_, true))
            parts_.messages.warning("more than " + std::to_string(GateGuard::most) +
                                    " gates: " + escape_path(name) + " is not watched");
        return gate_backoffs_[name].failed();
    }
    auto ends = message_pair();
    const pid_t parent = ::getpid();
    const pid_t pid = ends ? ::fork() : -1;
    if (pid < 0) {
        guard_.give_back(beat);
        parts_.messages.error("a gate cannot be started");
        return gate_backoffs_[name].failed();
    }
    if (pid == 0)
        run_gate(
            {parts_.config, name, parts_.config.gate_workers(), beat, parts_.actions != nullptr},
            std::move(ends->second), parent);
    guard_.watch(beat, pid);
    GateChild gate;
    gate.pid = pid;
    gate.wire = Wire(std::move(ends->first));
    gate.beat = beat;
    auto &stays = gates_[name] = std::move(gate);
    tell_own();
    for (const auto &[scan, count] : registered_)
        stays.wire.send("register", {std::to_string(scan)});
    give_gate_engine(stays);
}

/// One for every kind of file system that has something inside; and for plain ones always, so that
/// what is mounted there later is covered.
void Supervisor::start_gates() {
    if (!parts_.config.watches() || !engine_)
        return;
    std::set<std::string> wanted{plain_gate};
    for (const auto &mounts : territory_.marked())
        wanted.insert(kind_of(*mounts.front(), territory_.table()).gate);
    for (const auto *mount : territory_.reported_mounts())
        wanted.insert(kind_of(*mount, territory_.table()).gate);
    wanted.erase("");
    for (const auto &name : wanted)
        if (!gates_.contains(name) && gate_backoffs_[name].over())
            start_gate(name);
    std::erase_if(gate_backoffs_, [&](const auto &each) { return !wanted.contains(each.first); });
    for (auto &[name, gate] : gates_)
        if (!wanted.contains(name))
            gate.wire.send("quit");
}

void Supervisor::start_door() {
    const auto listeners = parts_.listeners.fds();
    if (listeners.empty() || door_ || !engine_ || !door_backoff_.over())
        return;
    auto ends = message_pair();
    const pid_t parent = ::getpid();
    const pid_t pid = ends ? ::fork() : -1;
    if (pid < 0) {
        parts_.messages.error("the door cannot be started");
        return door_backoff_.failed();
    }
    if (pid == 0)
        be_door({parts_.config, listeners, door_workers(parts_.config)}, std::move(ends->second),
                parent, parts_.account);
    door_ = DoorChild{pid, Wire(std::move(ends->first))};
    tell_own();
    give_engine(door_->wire, true);
}

void Supervisor::lose_gate(const std::string &name, const std::string &why) {
    const auto found = gates_.find(name);
    if (found == gates_.end())
        return;
    past_.add(found->second.statistics);
    gates_.erase(found);
    if (!quit_ && !why.empty()) {
        parts_.messages.error("gate of " + name + ": " + why);
        gate_backoffs_[name].failed();
    }
    tell_own();
}

void Supervisor::child_ended(pid_t pid, int status) {
    std::vector<std::string> complaints;
    const auto how = WIFSIGNALED(status)
                         ? std::string("killed by signal ") + std::to_string(WTERMSIG(status))
                         : "ended with status " + std::to_string(WEXITSTATUS(status));
    if (retired_.erase(pid) != 0) {
        waiting_for_old_ = false;
        return tell_own();
    }
    if (events_.ended(pid, status, complaints)) {
        for (const auto &text : complaints)
            parts_.messages.warning(text);
        return;
    }
    if (loading_ && loading_->pid == pid) {
        hear_engine(*loading_); // its last words
        if (loading_)
            engine_failed(how);
    } else if (engine_ && engine_->pid == pid) {
        parts_.messages.error("the engine was " + how + ": another one is loaded");
        engine_.reset();
        engine_backoff_.failed();
    } else if (door_ && door_->pid == pid) {
        hear_door();
        door_.reset();
        for (const auto &[scan, count] : std::exchange(registered_, {}))
            for (auto &[name, gate] : gates_)
                gate.wire.send("unregister", {std::to_string(scan)});
        parts_.messages.error("the door was " + how + ": another one is opened");
        door_backoff_.failed();
    } else {
        const auto gate = std::ranges::find_if(
            gates_, [pid](const auto &each) { return each.second.pid == pid; });
        if (gate == gates_.end())
            return;
        const auto name = gate->first;
        // Before anything that takes its time: its number may be another process's from now on.
        const bool hung = guard_.give_back(gate->second.beat);
        hear_gate(name, gate->second);
        // A gate that nothing is left for has ended by itself.
        const bool wanted = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        lose_gate(name, hung ? "did not come round for " + std::to_string(gate_patience.count()) +
                                   " s: it was ended"
                        : wanted ? how
                                 : "");
    }
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        child_ended(pid, status);
}

} // namespace hostav
