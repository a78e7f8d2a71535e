// SPDX-License-Identifier: GPL-2.0-only
//
// The health of a host's protection as metrics, so that silence is noticed. What cannot be found
// out is no data point: an alarm that takes missing data for bad then rings.
//
//   SignatureAge            Seconds       since the newest signatures were made; of those that are
//                                         installed or those that the engine has, whichever is more
//   LastScanAge             Seconds       since the last full scan was complete (scan --report)
//   ScanInfected, ScanNotFullyScanned, ScanErrors
//                           Count         of that scan, files
//   EngineUp                None          1 when the resident engine does what it is configured to
//   OpensAsked, OpensScanned, OpensDenied, OpensNotFullyScanned, OpensPastDeadline
//                           Count         since the last time this was asked
//   OpenLatencyP99          Microseconds  99 % of the opens that needed a scan were answered within
//   LogBacklog              Bytes         of files and spools that logship has not delivered
//   LogBacklogAge           Seconds       since it delivered something, while something waits
#pragma once

#include "base/error.h"
#include "conf/clam_conf.h"
#include "metric/datum.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// Where to look; what is not given is not expected.
struct HealthSources {
    std::string database_directory;
    std::optional<std::string> scan_report;
    std::optional<ClamdAddress> daemon;
    std::optional<std::string> ship_status; ///< what `logship --status --json` says
    std::string counts_before;              ///< Health::counts of the last time
};

struct Health {
    std::vector<Datum> data;
    std::vector<std::string> unknown; ///< what could not be found out and why, printable
    std::string counts;               ///< to be kept for the next time; empty: as before
};

[[nodiscard]] Health look_at_health(const HealthSources &sources, const Dimensions &dimensions,
                                    std::int64_t now);

} // namespace hostav
