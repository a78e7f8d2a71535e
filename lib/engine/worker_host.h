// SPDX-License-Identifier: GPL-2.0-only
//
// Who makes and ends the worker processes behind a pool's sockets: this process, which has the
// engine (LocalWorkers), or an engine server that another process talks to (RemoteWorkers in
// engine/engine_server.h). Single-threaded.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "engine/engine.h"
#include "engine/run_directory.h"

#include <map>
#include <sys/types.h>
#include <vector>

namespace hostav {

class WorkerHost {
  public:
    WorkerHost() = default;
    WorkerHost(const WorkerHost &) = delete;
    WorkerHost &operator=(const WorkerHost &) = delete;
    WorkerHost(WorkerHost &&) = delete;
    WorkerHost &operator=(WorkerHost &&) = delete;
    virtual ~WorkerHost() = default;

    /// Makes worker `number` (not used before), which talks through `socket`. Once it is ready it
    /// says so there; so it does when it cannot start.
    virtual Result<void> start(unsigned number, Fd socket) = 0;
    /// Whether the worker made last is another process's, and dies with that one whatever its file.
    [[nodiscard]] virtual bool lent() const { return false; }
    /// Kills a worker and removes what it left. Unknown numbers are ignored.
    virtual void end(unsigned number) = 0;
    /// Waits, for a moment at most, until those that were told to end have ended.
    virtual void wait_for_ended() {}
    /// Gives ended processes back to the system; called now and then.
    virtual void reap() {}
};

/// Forks workers of an engine in this process.
class LocalWorkers final : public WorkerHost {
  public:
    /// `engine` must outlive this. Call prepare_for_cage() (engine/cage.h) before.
    static Result<std::unique_ptr<LocalWorkers>> create(Engine &engine, bool digest,
                                                        RunDirectory run);
    ~LocalWorkers() override; ///< kills the workers and removes their files

    Result<void> start(unsigned number, Fd socket) override;
    /// `nice`: one that only gets the time that nobody else wants.
    Result<void> start(unsigned number, Fd socket, bool nice);
    void end(unsigned number) override;
    void wait_for_ended() override;
    void reap() override;
    /// Whether reap() has nothing to do before somebody is told to end.
    [[nodiscard]] bool all_reaped() const { return dying_.empty(); }

  private:
    LocalWorkers(Engine &engine, bool digest, RunDirectory run)
        : engine_(&engine), digest_(digest), run_(std::move(run)) {}
    Engine *engine_;
    bool digest_;
    RunDirectory run_;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
    std::map<unsigned, pid_t> pids_;
    std::vector<pid_t> dying_; ///< killed, not yet reaped
};

} // namespace hostav
