// SPDX-License-Identifier: GPL-2.0-only
//
// Asking the daemon of this machine, clamd or onaccess-watch, one command.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "conf/clam_conf.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace hostav {

/// Errors name the socket or the port.
[[nodiscard]] Result<Fd> connect_clamd(const ClamdAddress &address);

/// The answer to a command (`PING`), which both sides end with NUL; `most` bytes of it at most.
[[nodiscard]] Result<std::string> ask_clamd(const ClamdAddress &address, const std::string &command,
                                            std::size_t most);

/// onaccess-watch's answer to HOSTAV-STATUS.
struct DaemonStatus {
    std::string text; ///< as it came, one line without its end
    JsonTree tree;
    bool works = false; ///< it does what it is configured to
};
/// Fails, too, when another daemon answers.
[[nodiscard]] Result<DaemonStatus> ask_daemon_status(const ClamdAddress &address);

/// Where the daemon of this machine listens: by the first of clamd_conf_files() that can be read.
/// Fails when none can, or when it names no socket.
[[nodiscard]] Result<ClamdAddress> resident_address();

} // namespace hostav
