// SPDX-License-Identifier: GPL-2.0-only
//
// How a section's bytes become events; and what that makes of a sample line, for --check-config.
#pragma once

#include "base/error.h"
#include "follow/event_reader.h"
#include "ship/config.h"

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// Fails for an expression or a date format that is none; what = `WHERE: key`, `where` being that
/// of the section.
[[nodiscard]] Result<EventFormat> event_format(const StreamConfig &config);

struct SampleEvent {
    std::string time; ///< UTC, ISO 8601: `2026-01-02T03:04:05.678Z`
    bool dated;       ///< the time is the text's; else it is `now`, or the event's before
    std::string message;
    bool operator==(const SampleEvent &) const = default;
};
/// The events that come of `text` (UTF-8, whatever the section's encoding is).
[[nodiscard]] Result<std::vector<SampleEvent>> sample(const StreamConfig &config,
                                                      std::string_view text, std::time_t now);

} // namespace hostav
