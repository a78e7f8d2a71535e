// SPDX-License-Identifier: GPL-2.0-only
//
// What systemd wants to know of a service, and the sockets it hands over. Without systemd all of it
// does nothing. The one module that includes libsystemd's header.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace hostav {

/// `READY=1`, `STATUS=…`, `WATCHDOG=1`, several lines at once: sd_notify(3).
void notify_service_manager(const std::string &state);
/// How often WATCHDOG=1 is expected; zero: never.
[[nodiscard]] std::chrono::milliseconds watchdog_interval();
/// Descriptors of listening sockets, sd_listen_fds(3).
[[nodiscard]] std::vector<int> handed_over_sockets();

} // namespace hostav
