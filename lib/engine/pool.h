// SPDX-License-Identifier: GPL-2.0-only
//
// The parent's side of the workers: forks them from the loaded engine as they are needed, gives
// each one file at a time, and answers for every file exactly once: with the worker's report, or
// with an error when the worker died or took too long. Single-threaded, driven by the owner's
// poll(2) loop.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "engine/engine.h"
#include "engine/run_directory.h"
#include "engine/verdict.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

namespace hostav {

struct PoolOptions {
    unsigned workers = 1;
    std::chrono::milliseconds timeout{150000}; ///< a file's time, dispatch to answer
    bool digest = false;                       ///< SHA-256 of infected files
};

/// The answer for one submitted file.
struct Done {
    std::uint64_t job = 0;
    Report report;
};

class Pool {
  public:
    /// `engine` must outlive the pool. Call prepare_for_cage() (engine/cage.h) before.
    static Result<Pool> create(Engine &engine, const PoolOptions &options, RunDirectory run);
    Pool(Pool &&) noexcept = default;
    Pool &operator=(Pool &&) = delete;
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    ~Pool(); ///< kills the workers and removes their files

    /// Whether submit() may be called now.
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] unsigned busy() const;
    /// Hands a file to a worker. The caller may close `fd` afterwards. Fails only when no worker
    /// can be made at all.
    Result<void> submit(std::uint64_t job, int fd, const std::string &name);

    /// Adds what to poll for.
    void add_to(std::vector<pollfd> &set) const;
    /// Milliseconds until a file's time is over, for poll; -1: none is running.
    [[nodiscard]] int milliseconds_left() const;
    /// Reads what workers said, ends those that are over time, starts new ones where they died.
    /// Fails when workers die as soon as they start.
    Result<void> handle(std::span<const pollfd> set);
    /// Answers since the last call.
    [[nodiscard]] std::vector<Done> take();

    /// Where messages of libclamav in workers go; text as libclamav wrote it.
    void set_messages(MessageSink sink) { messages_ = std::move(sink); }
    /// Kills all workers at once; unanswered files stay unanswered.
    void stop();

  private:
    using Clock = std::chrono::steady_clock;
    struct Worker {
        pid_t pid = 0;
        unsigned number = 0;
        Fd socket;
        bool ready = false;
        bool busy = false;
        std::uint64_t job = 0;
        unsigned messages = 0;
        Clock::time_point start;
    };

    Engine *engine_;
    PoolOptions options_;
    RunDirectory run_;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
    std::vector<Worker> workers_;
    std::vector<pid_t> dying_; ///< killed, not yet reaped
    std::vector<Done> done_;
    MessageSink messages_;
    unsigned next_number_ = 0;
    unsigned failed_starts_ = 0;
    std::string start_error_;

    Pool(Engine &engine, const PoolOptions &options, RunDirectory run);
    Result<void> start_worker();
    Result<void> read(Worker &worker);
    void finish(Worker &worker, Report report);
    void bury(Worker &worker, const char *why);
    void reap();
};

} // namespace hostav
