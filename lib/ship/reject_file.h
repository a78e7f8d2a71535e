// SPDX-License-Identifier: GPL-2.0-only
//
// Events that nobody takes, kept with the reason: JSON lines in STATE/rejected.jsonl. At 10 MB it
// becomes rejected.jsonl.1, and the one before it goes.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "ship/batch.h"

#include <string>
#include <vector>

namespace hostav {

class RejectFile {
  public:
    RejectFile() = default;
    /// In an open directory (the caller's); made when the first one comes.
    explicit RejectFile(int directory) : directory_(directory) {}

    [[nodiscard]] bool keeps() const { return directory_ >= 0; }
    /// Synced when it returns. Without a directory nothing is kept, which is no failure.
    Result<void> add(const Destination &destination, const std::string &source,
                     const std::vector<Batch::Reject> &rejects);

  private:
    int directory_ = -1;
};

} // namespace hostav
