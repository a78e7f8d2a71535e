// SPDX-License-Identifier: GPL-2.0-only
//
// An engine that is loaded, and scans, in a caged child: for signatures that nobody has loaded yet.
// A child that crashes, hangs or outgrows its memory is an error here and harms nothing.
// Single-threaded; call prepare_for_cage() (engine/cage.h) before.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "base/signals.h"
#include "engine/engine_options.h"
#include "engine/verdict.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace hostav {

struct CagedEngineOptions {
    EngineOptions engine;     ///< load.databases is ignored
    std::string directory;    ///< has `db`, the databases, readable by the cage's account, and
                              ///< `tmp`, empty, which that account may write (see cage_account)
    std::uint64_t memory = 0; ///< bytes of address space; 0: no limit
    bool change_user = false; ///< we are root (effectively, at this moment)
    std::chrono::seconds load_limit{600};
    std::chrono::seconds file_limit{150};
    Signals *signals = nullptr; ///< ends every wait with an error; may be null
};

class CagedEngine {
  public:
    /// Forks and waits until the signatures are loaded. The error says why they are not, in
    /// libclamav's words, without the cage's paths.
    static Result<CagedEngine> load(const CagedEngineOptions &options);
    CagedEngine(CagedEngine &&other) noexcept;
    CagedEngine &operator=(CagedEngine &&) = delete;
    CagedEngine(const CagedEngine &) = delete;
    CagedEngine &operator=(const CagedEngine &) = delete;
    ~CagedEngine(); ///< kills and reaps the child

    [[nodiscard]] unsigned signatures() const { return signatures_; }
    /// One file. After an error the child is gone, and every further scan fails.
    [[nodiscard]] Result<Report> scan(int fd, const std::string &name);

  private:
    CagedEngine(pid_t pid, Fd socket, const CagedEngineOptions &options);
    pid_t pid_ = 0;
    Fd socket_;
    unsigned signatures_ = 0;
    std::chrono::seconds file_limit_;
    Signals *signals_;
    std::string ended_; ///< how the child ended, once it has

    struct Answer;
    Result<Answer> wait(std::chrono::seconds limit);
    std::string kill_and_reap();
};

} // namespace hostav
