// SPDX-License-Identifier: GPL-2.0-only
//
// The resident engine (onaccess-watch) as a scan sees it: it lends workers, lets root's opens pass
// its gate while it is connected, and takes clean verdicts for its marks. The other side is
// lib/watch/door_commands.cc.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "engine/engine_options.h"
#include "engine/worker_host.h"

#include <functional>
#include <memory>
#include <string>
#include <sys/stat.h>

namespace hostav {

class Resident {
  public:
    /// Connects; root registers, so that the gate does not stop the very scan that looks for what
    /// it stops.
    static Result<std::shared_ptr<Resident>> connect(const std::string &socket);

    /// Whether it has the same signatures and options; then it lends workers (LentWorkers), with
    /// `nice` such as only get the time that nobody else wants.
    [[nodiscard]] Result<void> offer(const EngineOptions &options, bool nice);
    [[nodiscard]] std::uint64_t signatures() const { return signatures_; }
    /// A file that one of its workers has found clean: `st` as it was before.
    void tell_clean(int fd, const struct stat &st);

  private:
    friend class LentWorkers;
    explicit Resident(Fd socket) : socket_(std::move(socket)) {}
    Fd socket_;
    std::uint64_t signatures_ = 0;
    bool root_ = false;
    bool offered_ = false;
    /// One command with a descriptor, or without.
    bool send(const std::string &command, int fd);
    Result<std::string> ask(const std::string &command, int fd = -1);
};

/// Workers for a pool, made by the resident engine; once it has gone, by whatever `instead` gives.
class LentWorkers final : public WorkerHost {
  public:
    using Instead = std::function<Result<std::unique_ptr<WorkerHost>>()>;
    LentWorkers(std::shared_ptr<Resident> resident, Instead instead)
        : resident_(std::move(resident)), instead_(std::move(instead)) {}
    Result<void> start(unsigned number, Fd socket) override;
    [[nodiscard]] bool lent() const override { return !local_; }
    void end(unsigned number) override;
    void wait_for_ended() override;
    void reap() override;

  private:
    std::shared_ptr<Resident> resident_;
    Instead instead_;
    std::unique_ptr<WorkerHost> local_;
};

/// Where the daemon of this machine listens: LocalSocket of the first clamd.conf there is; empty:
/// nowhere.
[[nodiscard]] std::string resident_socket();

} // namespace hostav
