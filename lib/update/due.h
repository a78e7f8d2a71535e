// SPDX-License-Identifier: GPL-2.0-only
//
// When the mirrors were last asked, so that `Checks` holds for a timer that wakes more often
// (--if-due) and for a resident that is begun anew. STATE/checked has the time, as seconds since
// 1970 in text.
#pragma once

#include "update/session.h"

#include <chrono>
#include <cstdint>
#include <ctime>

namespace hostav {

/// Since the last check; decades where nothing is live, nobody has looked yet, or the clock was put
/// back since: that must not hold updates up for years.
[[nodiscard]] std::chrono::seconds since_last_check(const Places &places, std::time_t now);

/// Whether 24 h / `checks` have passed since; `checks` is at least 1.
[[nodiscard]] bool is_due(const Places &places, std::uint64_t checks, std::time_t now);

/// A run in which every source answered counts as a check, also one whose databases the proof
/// refused. One that failed does not, nor one during a cool-down, which asked nobody. Not being
/// able to write it down is a warning.
void note_check(Session &session, const RunResult &result);

} // namespace hostav
