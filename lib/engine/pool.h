// SPDX-License-Identifier: GPL-2.0-only
//
// The parent's side of the workers: has them made as they are needed (engine/worker_host.h), gives
// each one file at a time, and answers for every file exactly once: with the worker's report, or
// with an error when the worker died or took too long. Single-threaded, driven by the owner's
// poll(2) loop.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "engine/engine.h"
#include "engine/verdict.h"
#include "engine/worker_host.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

namespace hostav {

struct PoolOptions {
    unsigned workers = 1;
    std::chrono::milliseconds timeout{150000}; ///< a file's time, dispatch to answer
    bool digest = false; ///< SHA-256 and MD5 of infected files (workers of this process)
};

/// The answer for one submitted file.
struct Done {
    std::uint64_t job = 0;
    Report report;
    bool lent = false; ///< its worker died, and may have died with its lender: worth another try
};

class Pool {
  public:
    Pool(std::unique_ptr<WorkerHost> host, const PoolOptions &options);
    /// Workers of this process. `engine` must outlive the pool. Call prepare_for_cage()
    /// (engine/cage.h) before.
    static Result<Pool> create(Engine &engine, const PoolOptions &options, RunDirectory run);
    Pool(Pool &&) noexcept = default;
    Pool &operator=(Pool &&) = delete;
    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;
    ~Pool(); ///< kills the workers and removes their files

    /// Whether submit() may be called now.
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] unsigned busy() const;
    /// Has so many workers made before the first file comes.
    Result<void> start_ahead(unsigned count);
    /// Hands a file to a worker. The caller may close `fd` afterwards. Fails only when no worker
    /// can be made at all.
    /// `all_matches`: go on in the file after a match, whatever the engine's options say.
    Result<void> submit(std::uint64_t job, int fd, const std::string &name,
                        bool all_matches = false);
    /// Ends workers that have had nothing to do for so long.
    void end_idle(std::chrono::milliseconds longer_than);
    [[nodiscard]] unsigned live() const { return static_cast<unsigned>(workers_.size()); }

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
        unsigned number = 0;
        Fd socket;
        bool ready = false;
        bool busy = false;
        bool lent = false; ///< see WorkerHost::lent()
        std::uint64_t job = 0;
        unsigned messages = 0;
        Clock::time_point start; ///< of the file; of an idle worker: when it became idle
    };

    std::unique_ptr<WorkerHost> host_;
    PoolOptions options_;
    std::vector<Worker> workers_;
    std::vector<Done> done_;
    MessageSink messages_;
    unsigned next_number_ = 0;
    unsigned failed_starts_ = 0;
    std::string start_error_;

    Result<void> start_worker();
    Result<void> read(Worker &worker);
    void finish(Worker &worker, Report report);
    void bury(Worker &worker, const char *why);
};

} // namespace hostav
