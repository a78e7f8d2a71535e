// SPDX-License-Identifier: GPL-2.0-only
//
// Tells others of an update: RELOAD to clamd's socket, the administrator's commands.
#pragma once

#include "base/error.h"
#include "base/messages.h"
#include "base/signals.h"

#include <string>

namespace hostav {

/// Sends RELOAD to the socket that a clamd.conf names (LocalSocket before TCPSocket and TCPAddr)
/// and waits for `RELOADING`, ten seconds at most. what = the socket or the file.
[[nodiscard]] Result<void> notify_clamd(const std::string &clamd_conf);

/// A command for /bin/sh with `%v` replaced by `version`, which comes from the network: fails when
/// it has other characters than letters, digits, `.`, `+`, `-`, `_`, `~`. `%%` is one `%`.
[[nodiscard]] Result<std::string>
expand_command(const std::string &option, const std::string &command, const std::string &version);

/// Runs a command of the configuration by /bin/sh -c as whom we act as (for good in the child),
/// stdin empty, output relayed as lines, ten minutes at most. A status other than 0 is a failure;
/// what = the option's name.
[[nodiscard]] Result<void> run_command(const std::string &option, const std::string &command,
                                       Messages &messages, Signals *signals);

} // namespace hostav
