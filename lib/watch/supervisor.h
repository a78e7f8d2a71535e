// SPDX-License-Identifier: GPL-2.0-only
//
// The main process: starts engine, gates and door, and each again when it dies; brings a new engine
// beside the old one; writes the log. It answers neither the kernel nor a client, so that nothing
// it waits for (a full disk, a slow log) is waited for by anybody else. What dies with it: all of
// the others (PDEATHSIG).
#pragma once

#include "base/account.h"
#include "base/messages.h"
#include "base/signals.h"
#include "engine/engine_server.h"
#include "store/actions.h"
#include "watch/config.h"
#include "watch/door.h"
#include "watch/gate_guard.h"
#include "watch/listen.h"
#include "watch/statistics.h"
#include "watch/territory.h"
#include "watch/virus_event.h"
#include "watch/wire.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace hostav {

struct SupervisorParts {
    const WatchConfig &config;
    Messages &messages;
    Signals &signals;
    Listeners &listeners;
    std::optional<Account> account; ///< the door's; nothing: as we are
    Actions *actions = nullptr;     ///< quarantine; may be null
};

class Supervisor {
  public:
    explicit Supervisor(const SupervisorParts &parts);
    ~Supervisor();
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;
    Supervisor(Supervisor &&) = delete;
    Supervisor &operator=(Supervisor &&) = delete;

    /// Until a signal or SHUTDOWN ends it. Fails when it cannot begin: no signatures can be loaded,
    /// no file system may be watched.
    Result<void> run();

  private:
    using Clock = std::chrono::steady_clock;
    struct EngineChild {
        pid_t pid = 0;
        Fd control;
        unsigned generation = 0;
        std::optional<EngineState> state; ///< once it is ready
    };
    struct GateChild {
        pid_t pid = 0;
        Wire wire;
        bool ready = false;
        GateBeat *beat = nullptr;
        std::map<std::string, std::string> marked; ///< device -> where and what
        Statistics statistics;
        bool asked = false;        ///< for statistics
        bool wants_engine = false; ///< its workers could not be had
        Clock::time_point given;   ///< the engine
    };
    struct DoorChild {
        pid_t pid = 0;
        Wire wire;
    };
    /// How long to wait before something is started again.
    struct Backoff {
        std::chrono::seconds delay{0};
        Clock::time_point not_before;
        void failed();
        [[nodiscard]] bool over() const { return Clock::now() >= not_before; }
    };
    struct Block {
        std::string time, path, signature, answer;
    };

    SupervisorParts parts_;
    std::optional<EngineChild> engine_, loading_;
    std::map<pid_t, Fd> retired_; ///< engines that still finish something
    GateGuard guard_;
    std::map<std::string, GateChild> gates_;
    std::optional<DoorChild> door_;
    VirusEvents events_;
    Fd mountinfo_;
    Territory territory_;
    bool mounts_changed_ = true;
    bool quit_ = false;
    bool announced_ = false;
    bool reload_wanted_ = false;
    bool waiting_for_old_ = false; ///< ConcurrentDatabaseReload no
    Clock::time_point waiting_since_;
    std::optional<Error> fatal_;
    unsigned generation_ = 0;
    Backoff engine_backoff_, door_backoff_;
    std::map<std::string, Backoff> gate_backoffs_; ///< one that hangs delays no other
    bool too_many_gates_ = false;
    Clock::time_point started_ = Clock::now();
    Clock::time_point next_check_, next_look_, next_watchdog_;
    std::map<pid_t, unsigned> registered_;
    Statistics past_; ///< of gates that have died
    std::deque<Block> blocks_;
    std::vector<std::string> asked_; ///< texts that the door waits for
    bool log_statistics_ = false;
    Clock::time_point asked_since_;
    std::uint64_t quarantined_ = 0;

    // Children (supervisor.cc).
    Result<void> start_engine();
    void retire(EngineChild engine);
    void give_engine(Wire &wire, bool lending);
    void give_gate_engine(GateChild &gate);
    void hear_engine(EngineChild &engine);
    void engine_ready();
    void engine_failed(const std::string &why);
    void start_gates();
    void start_gate(const std::string &name);
    void start_door();
    void tell_own();
    void reap();
    void child_ended(pid_t pid, int status);
    /// `why`: for the log; empty: it ended as it should.
    void lose_gate(const std::string &name, const std::string &why);

    // The loop (supervisor_loop.cc).
    void wait();
    void take_signals();
    void look_after();
    void look_at_mounts();
    void self_check();
    void announce();
    void reload();
    void shut_down();

    // Words (supervisor_words.cc).
    void tell_lost(std::uint64_t lost, const std::string &what);
    void hear_gate(const std::string &name, GateChild &gate);
    void hear_gate_word(const std::string &name, GateChild &gate, Word &word);
    void hear_door();
    void hear_door_word(Word &word);
    void log_found(const std::string &path, const std::string &signature, const std::string &md5,
                   const std::string &size, bool detailed_too);
    void found(Word &word);
    [[nodiscard]] Fd reopen(std::uint64_t mount_id, const std::string &handle) const;
    void quarantine(Word &word);
    void ask_statistics();
    void answer_statistics();
    [[nodiscard]] Statistics total() const;
    [[nodiscard]] std::string statistics_lines() const;
    [[nodiscard]] std::string status_json() const;
    void event(const std::string &path, const std::string &signature);
};

} // namespace hostav
