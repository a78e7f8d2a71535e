// SPDX-License-Identifier: GPL-2.0-only
//
// Makes a staged set the live one. Several files cannot be renamed at once, so: the new files are
// synced, the old set is kept (hard links), a journal of names and digests is written and synced,
// the files are renamed one by one (what takes signatures back first, removals last: whatever mix
// another program sees loads), the directory is synced, `current` is written, the journal goes.
// A crash anywhere leaves what recover() completes: forward when every new file is there, back
// from the kept set otherwise. What becomes `current` stands in `next` beside the journal before
// the journal does, and is renamed.
#pragma once

#include "base/error.h"
#include "engine/installed_set.h"
#include "update/database_set.h"
#include "update/places.h"

#include <string>
#include <vector>

namespace hostav {

/// The set of `current`; an empty one when there is none or it cannot be read.
[[nodiscard]] DatabaseSet read_current(const Places &places);

/// What changes from `live` to `next`, looking at managed files of either only.
[[nodiscard]] std::vector<Change> difference(const DatabaseSet &live, const DatabaseSet &next);

enum class Recovery { nothing, forward, back };
/// Completes or undoes what a killed run left. The caller holds commit.lock.
[[nodiscard]] Result<Recovery> recover(const Places &places);

/// Installs `changes` from the directory `staging`. `next` becomes `current`, with number and time
/// set here. Fails without having changed anything when a live file is no longer what `live` says.
/// The caller holds commit.lock and has called recover().
[[nodiscard]] Result<DatabaseSet> install(const Places &places, const std::string &staging,
                                          const DatabaseSet &live,
                                          const std::vector<Change> &changes, DatabaseSet next);

// --- kept sets -----------------------------------------------------------------------------------

struct KeptSet {
    std::string path; ///< STATE/sets/N
    DatabaseSet set;
};
/// Newest first, without the live one. Unreadable ones are left out.
[[nodiscard]] Result<std::vector<KeptSet>> kept_sets(const Places &places);
/// Removes the oldest beyond `keep`.
void prune_kept_sets(const Places &places, std::size_t keep);
/// Links (or copies) a kept set's file into `directory` after checking its digest.
[[nodiscard]] Result<void> bring_back(const KeptSet &kept, const DatabaseFile &file, int directory);

} // namespace hostav
