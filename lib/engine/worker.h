// SPDX-License-Identifier: GPL-2.0-only
//
// A worker process: forked from the parent that has the engine loaded (or, with `load`, told to
// load one itself), caged, then one file after another until the parent closes the socket or dies.
#pragma once

#include "base/fd.h"
#include "engine/cage.h"
#include "engine/engine.h"

namespace hostav {

struct WorkerSetup {
    Engine *engine = nullptr;
    /// Without an engine: what to load once in the cage, the databases being cage.read_path.
    /// `ready` then says how many signatures, `failed` why not.
    const EngineOptions *load = nullptr;
    CageOptions cage;
    Fd socket;           ///< to the parent
    pid_t parent = 0;    ///< who forked it: dies with this process
    bool digest = false; ///< SHA-256 and MD5 of infected files
};

/// The child's whole life after fork(); never returns.
[[noreturn]] void run_worker(WorkerSetup setup);

} // namespace hostav
