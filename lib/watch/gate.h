// SPDX-License-Identifier: GPL-2.0-only
//
// The process that answers the kernel for the file systems of one gate (watch/file_systems.h).
//
// One thread, one poll(2) loop that never waits for anything but the loop's own descriptors: an
// event is answered from what is known, or its descriptor goes to a worker and the opener waits
// with a deadline. Every event gets exactly one answer. When this process dies, by whatever, the
// kernel lets all waiters go: it never forks, so nobody else holds the group.
//
// Words (watch/wire.h) from the main process: own PID…, engine GENERATION + client socket,
// no-engine, register PID, unregister PID, clean GENERATION + file, statistics, reopened + file,
// quit. To it: failed-start WHY, ready FEATURES, serving GENERATION, marked DEVICE PLACE TYPE,
// found PATH ANSWER MD5 SIZE SHA256 PID SIGNATURE… + file, failed PATH WHY ANSWER, repeated PATH
// WHAT TIMES SECONDS, clean PATH, deadline PATH ANSWER, warning TEXT, error TEXT, lost NUMBER,
// broken GENERATION, reopen MOUNT HANDLE, statistics FIELDS….
#pragma once

#include "base/fd.h"
#include "engine/pool.h"
#include "watch/config.h"
#include "watch/fanotify_group.h"
#include "watch/file_systems.h"
#include "watch/gate_guard.h"
#include "watch/repeats.h"
#include "watch/statistics.h"
#include "watch/territory.h"
#include "watch/wire.h"

#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <unordered_map>

namespace hostav {

struct GateOptions {
    const WatchConfig &config;
    std::string name; ///< of the file systems it watches, see FileSystemKind::gate
    unsigned workers = 3;
    GateBeat *beat = nullptr; ///< in shared memory; moved at each round
    bool acts = false;        ///< something is done with infected files: they are handed over
};

/// The process's whole life after fork(), in a session of its own; never returns.
[[noreturn]] void run_gate(const GateOptions &options, Fd control, pid_t parent);

class Gate {
  public:
    static Result<std::unique_ptr<Gate>> create(const GateOptions &options, Fd control);
    /// Until the main process is gone or says so.
    void run();

  private:
    using Clock = std::chrono::steady_clock;

    /// What tells one state of a file's content from another.
    struct Identity {
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = 0;
        timespec changed{}, modified{};
        [[nodiscard]] std::string change_time() const; ///< in nanoseconds: `1700000000.5`
        [[nodiscard]] bool operator==(const Identity &other) const;
        [[nodiscard]] bool operator<(const Identity &other) const;
    };
    struct Waiter {
        Fd fd; ///< of the event; the answer names it
        pid_t pid = 0;
        uid_t uid = 0;
        bool asks = false;
        Clock::time_point since;
    };
    /// A file that the kernel remembers, so that it can be scanned again under new signatures
    /// before somebody asks: file systems' own handles, since an open file would keep it from
    /// unmounting.
    struct Hot {
        std::uint64_t mount = 0;
        std::string handle;
    };
    /// A file that a worker has, or that waits for one.
    struct Scan {
        Identity identity;
        std::uint64_t mount = 0;
        bool settled = false; ///< its last change is long enough ago to be told from the next
        bool remembers = false;
        bool background = false; ///< nobody waits
        bool large = false;
        bool foreign = false; ///< its path is none of this mount namespace, or not known
        bool shown = false;   ///< what is found is reported (not so for what is outside)
        unsigned tries = 0;
        unsigned generation = 0;
        Fd fd; ///< for a background scan
        std::string path;
        Clock::time_point since;
        Clock::time_point submitted; ///< what it reads may be as old as this
        std::list<Waiter> waiters;   ///< not answered yet
        std::list<Waiter> late;      ///< answered at the deadline
        [[nodiscard]] int file() const;
    };
    using ScanPtr = std::unique_ptr<Scan>;

    GateOptions options_;
    Wire control_;
    FanotifyGroup group_;
    Fd mountinfo_;
    Territory territory_;
    std::map<std::uint64_t, bool> remembers_; ///< by mount
    std::set<std::string> marked_;            ///< devices
    bool unmarked_ = false; ///< one of them could not be marked; it is tried again
    std::set<std::string> complained_;
    std::unique_ptr<Pool> pool_;
    std::unique_ptr<Pool> old_pool_; ///< finishes what it has
    unsigned generation_ = 0;
    unsigned old_generation_ = 0;
    bool quit_ = false;
    bool several_cpus_ = std::thread::hardware_concurrency() > 1;

    std::set<pid_t> own_sessions_;
    pid_t main_ = 0;
    std::set<pid_t> registered_;
    std::set<uid_t> excluded_users_;

    std::deque<ScanPtr> small_, large_, background_;
    std::unordered_map<std::uint64_t, ScanPtr> running_;
    std::map<Identity, std::string> infected_; ///< of this generation -> signature
    /// When a writer of a file was closed last, as far as a scan may have read what was before.
    std::map<std::pair<dev_t, ino_t>, Clock::time_point> written_;
    Clock::time_point written_unknown_; ///< until then nobody kept account
    std::deque<Hot> hot_, reopen_;      ///< newest last
    unsigned reopening_ = 0;            ///< that the main process has been asked for
    std::uint64_t next_job_ = 0;
    std::size_t held_ = 0;                  ///< descriptors of events
    [[nodiscard]] std::size_t room() const; ///< for more of them
    std::size_t capacity_ = 0;
    unsigned busy_large_ = 0;
    Clock::time_point next_deadline_ = Clock::time_point::max();
    Clock::time_point next_look_;
    Statistics statistics_;
    Repeats repeats_;

    Gate(const GateOptions &options, Fd control, FanotifyGroup group, Fd mountinfo);

    // The loop and the main process's words (gate.cc).
    void wait();
    void hear();
    void hear_word(Word &word);
    void take_engine(Word &word);
    void retire_pool();
    void look_at_mounts(bool mounted);
    void mark(const std::vector<const Mount *> &mounts, const FileSystemKind &kind);
    void complain_once(const std::string &key, const std::string &text);
    void say_what_was_kept_back(Clock::time_point now);
    void end();

    // Events (gate_events.cc).
    void take_events();
    void take(FileEvent event);
    [[nodiscard]] bool is_ours(pid_t pid);
    [[nodiscard]] static Identity identity_of(const struct statx &st);
    [[nodiscard]] bool is_excluded(const FileEvent &event, uid_t &uid) const;
    void close_written(FileEvent event, const Identity &identity, const struct statx &st);
    void note_written(const Identity &identity);
    [[nodiscard]] bool written_since(const Identity &identity, Clock::time_point when) const;
    void decide(FileEvent event, const Identity &identity, const struct statx &st);
    void earn(Fd fd, const Identity &identity, const struct statx &st, std::string path,
              bool shown);
    [[nodiscard]] ScanPtr new_scan(const Identity &identity, const struct statx &st,
                                   std::string path) const;
    bool join(const Identity &identity, Waiter &waiter);
    void allow(const FileEvent &event, Count why);

    // Scans (gate_scans.cc).
    void enqueue(ScanPtr scan);
    void dispatch();
    [[nodiscard]] std::deque<ScanPtr> *next_queue();
    bool submit(ScanPtr scan);
    void collect(Pool &pool);
    void finish(ScanPtr scan, const Report &report, bool current);
    void answer(Waiter &waiter, bool allow);
    void answer_all(Scan &scan, bool allow);
    void try_again(ScanPtr scan);
    void remember(Scan &scan);
    void note_hot(const Scan &scan);
    void warm_up();
    void take_reopened(Word &word);
    [[nodiscard]] std::string own_name(const Scan &scan) const;
    const std::string &told_name(Scan &scan) const;
    void report_found(Scan &scan, const Report &report, const char *answer);
    void report_failed(Scan &scan, const std::string &why, const char *answer);
    [[nodiscard]] bool is_said_anew(Scan &scan, const std::string &what, std::string answer);
    void engine_broke();
    void take_back(unsigned generation);
    void meet_deadlines();
    void release(std::list<Waiter> &waiters);
};

/// Asks the kernel by statx(2); fills only what is known.
[[nodiscard]] bool look_at(int fd, struct statx &st);
/// A lease for reading is refused while anybody has the file open for writing, or mapped so; also
/// whoever waits for the answer to such an open.
[[nodiscard]] bool nobody_writes(int fd);
/// The path of an open file, of any length; empty when it cannot be known. Opens nothing but /proc.
[[nodiscard]] std::string path_of_event(int fd);

} // namespace hostav
