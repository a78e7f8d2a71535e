// SPDX-License-Identifier: GPL-2.0-only
#include "update/due.h"

#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"
#include "update/resident.h"

namespace hostav {

namespace {

constexpr const char *stamp = "checked";
constexpr std::size_t longest_time = 32; ///< bytes
constexpr mode_t stamp_mode = 0644;

std::time_t last_check(const Places &places) {
    const auto text = read_file(places.state_fd(), stamp, longest_time);
    const auto time = text ? parse_number(text->substr(0, text->find('\n'))) : std::nullopt;
    return time ? static_cast<std::time_t>(*time) : 0;
}

} // namespace

std::chrono::seconds since_last_check(const Places &places, std::time_t now) {
    if (!holds_databases(places.database()))
        return std::chrono::seconds(now);
    const auto last = last_check(places);
    return std::chrono::seconds(last > now ? now : now - last);
}

bool is_due(const Places &places, std::uint64_t checks, std::time_t now) {
    return since_last_check(places, now) >= interval({.checks = checks});
}

void note_check(Session &session, const RunResult &result) {
    const bool answered = result.status == UpdateStatus::ok && !result.cooling_down;
    // What the proof refuses is not fetched again and again.
    if (!answered && result.refused.empty())
        return;
    const auto text = std::to_string(std::time(nullptr)) + "\n";
    if (const auto noted = replace_file(session.places.state_fd(), stamp, text, stamp_mode); !noted)
        session.messages.warning(noted.error().text());
}

} // namespace hostav
