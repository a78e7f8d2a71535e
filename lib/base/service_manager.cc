// SPDX-License-Identifier: GPL-2.0-only
#include "base/service_manager.h"

#include <algorithm>
#include <cstdint>
#include <systemd/sd-daemon.h>

namespace hostav {

void notify_service_manager(const std::string &state) {
    static_cast<void>(::sd_notify(0, state.c_str()));
}

std::chrono::milliseconds watchdog_interval() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0)
        return std::chrono::milliseconds(0);
    // Half of it, as sd_watchdog_enabled(3) advises.
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::microseconds(microseconds / 2));
}

std::vector<int> handed_over_sockets() {
    std::vector<int> sockets;
    const int count = ::sd_listen_fds(1);
    sockets.reserve(static_cast<std::size_t>(std::max(count, 0)));
    for (int i = 0; i < count; ++i)
        sockets.push_back(SD_LISTEN_FDS_START + i);
    return sockets;
}

} // namespace hostav
