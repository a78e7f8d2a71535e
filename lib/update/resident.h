// SPDX-License-Identifier: GPL-2.0-only
//
// `-d`: stays and checks `Checks` times a day. A fleet that was started at once must not arrive at
// the mirrors at once, so the first check comes after a random part of the interval; at once only
// where there is nothing live, or it has not been looked at for an interval. ALRM and USR1 ask for
// a check now, as with freshclam, HUP for the log to be opened again (which it is by itself when it
// has moved), TERM and INT end it.
#pragma once

#include "base/error.h"
#include "update/session.h"

#include <chrono>
#include <functional>

namespace hostav {

struct ResidentOptions {
    std::uint64_t checks = 12;                ///< a day, at least 1
    std::chrono::seconds since_last_check{0}; ///< of the live set; large where there is none
};

/// How long to wait before the first check. `random` is in [0, 1).
[[nodiscard]] std::chrono::seconds first_wait(const ResidentOptions &options, double random);
/// Between two checks.
[[nodiscard]] std::chrono::seconds interval(const ResidentOptions &options);

/// Calls `check` again and again, until a signal ends it (0) or `check` returns false (its matter
/// to remember why).
void stay(Session &session, const ResidentOptions &options, const std::function<bool()> &check);

} // namespace hostav
