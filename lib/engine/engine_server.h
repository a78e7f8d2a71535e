// SPDX-License-Identifier: GPL-2.0-only
//
// An engine in a process of its own, from which workers are forked for others: a new one is loaded
// beside the old one while the old one goes on, and dies without anything of it staying behind.
//
//   owner  -> server   start: load now; client + socket: whoever holds its other end may have
//                      workers; end: end once the last client is gone
//   server -> owner    log …, then ready (EngineState) or failed (why)
//   client -> server   start NUMBER + socket: a worker that talks through that socket;
//                      end NUMBER: kill it
//                      A start of `NUMBER nice` makes one that gets idle time only.
//
// A client that closes its socket loses its workers. The server ends when its owner closes the
// socket or dies, and its workers with it. One SOCK_SEQPACKET packet a message (engine/message.h).
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "engine/engine_options.h"
#include "engine/worker_host.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace hostav {

struct EngineServerOptions {
    EngineOptions engine;       ///< load.databases: the one directory; without databases in it the
                                ///< embedded signatures are loaded
    std::string temp_directory; ///< empty: chosen
    unsigned workers = 4;       ///< how many are expected, to choose that place
};

/// What a server that is ready says.
struct EngineState {
    unsigned signatures = 0;
    bool embedded = false;
    std::string digest;       ///< see engine/engine_digest.h; empty: cannot be told
    std::string version;      ///< `ClamAV 1.4.6/27800/Tue Nov  3 07:24:11 2026`
    std::time_t newest = 0;   ///< when they were made (newest_signatures())
    std::uint64_t memory = 0; ///< bytes it takes, once loaded; 0: unknown
};
[[nodiscard]] std::string encode_state(const EngineState &state);
[[nodiscard]] std::optional<EngineState> decode_state(std::string_view body);

/// The child's whole life after fork(), in a session of its own; never returns. `control`: its end
/// of a message_pair().
[[noreturn]] void run_engine_server(const EngineServerOptions &options, Fd control, pid_t parent);

/// Workers made by a server that this process is a client of. Never waits for the server.
class RemoteWorkers final : public WorkerHost {
  public:
    /// `socket`: the client's end.
    explicit RemoteWorkers(Fd socket);
    Result<void> start(unsigned number, Fd socket) override;
    Result<void> start(unsigned number, Fd socket, bool nice);
    void end(unsigned number) override;

  private:
    Fd socket_;
};

} // namespace hostav
