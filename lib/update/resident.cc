// SPDX-License-Identifier: GPL-2.0-only
#include "update/resident.h"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <random>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;

/// Waits for the time, a waking signal or an ending one; the latter gives false.
bool wait(Signals &signals, std::chrono::seconds how_long) {
    const auto end = Clock::now() + how_long;
    while (signals.pending() == 0) {
        if (const int woken = signals.take_waking(); woken == SIGALRM || woken == SIGUSR1)
            return true;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0)
            return true;
        constexpr std::int64_t longest = 3600000;
        pollfd set{signals.fd(), POLLIN, 0};
        if (::poll(&set, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, longest))) <
                0 &&
            errno != EINTR)
            return false;
    }
    return false;
}

double random_part() {
    std::random_device device;
    return std::uniform_real_distribution<double>(0, 1)(device);
}

} // namespace

std::chrono::seconds interval(const ResidentOptions &options) {
    constexpr std::uint64_t day = 86400;
    return std::chrono::seconds(day / std::max<std::uint64_t>(options.checks, 1));
}

std::chrono::seconds first_wait(const ResidentOptions &options, double random) {
    const auto between = interval(options);
    if (options.since_last_check >= between)
        return std::chrono::seconds(0);
    return std::chrono::seconds(
        static_cast<std::int64_t>(random * static_cast<double>(between.count())));
}

void stay(Session &session, const ResidentOptions &options, const std::function<bool()> &check) {
    auto next = first_wait(options, random_part());
    while (true) {
        if (next.count() > 0)
            session.messages.verbose("Next check in " + std::to_string(next.count()) + " s.");
        if (!wait(session.signals, next) || !check())
            return;
        next = interval(options);
    }
}

} // namespace hostav
