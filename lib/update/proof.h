// SPDX-License-Identifier: GPL-2.0-only
//
// Whether a set of databases may go live: a caged child loads it as the scanner will, finds EICAR,
// and condemns none of the machine's vital files.
#pragma once

#include "base/error.h"
#include "base/signals.h"
#include "update/config.h"
#include "update/places.h"
#include "update/vital.h"

#include <string>
#include <vector>

namespace hostav {

/// One database file of the set, somewhere.
struct ProofFile {
    int directory = -1;
    std::string name;
};

/// A vital file that the set condemns.
struct FalseAlarm {
    std::string file, signature;
};

struct Proof {
    bool loaded = false;
    std::string why;   ///< why it did not load, or could not be proven to the end
    std::string eicar; ///< what it calls EICAR; empty: not found
    std::vector<FalseAlarm> false_alarms;
    std::vector<std::string> not_looked_at; ///< vital files that could not be opened or scanned
    unsigned signatures = 0;
    unsigned vital_files = 0;
    double seconds = 0;

    /// Whether it loaded and condemns nothing vital. EICAR is the caller's to judge.
    [[nodiscard]] bool harmless() const { return loaded && why.empty() && false_alarms.empty(); }
};

struct ProofRequest {
    std::vector<ProofFile> files;
    bool vital_files = true;
    VitalFile *also = nullptr; ///< one more file that must not be found; may be null
};

/// Stops at ten false alarms: there may be thousands. Fails only when no proof can be made at all
/// (no space for it, interrupted).
[[nodiscard]] Result<Proof> prove(const UpdateConfig &config, const Places &places,
                                  const ProofRequest &request, Signals *signals);

} // namespace hostav
