// SPDX-License-Identifier: GPL-2.0-only
//
// A directory that any web server or S3 bucket can serve as a mirror, to freshclam and sigupdate
// alike: NAME.cvd whole and signed, NAME-VERSION.cdiff for the last versions, custom databases by
// their names. Clients with PrivateMirror take the whole files, clients with DatabaseMirror the
// diffs. Files appear by rename, diffs before the CVD that announces them.
#pragma once

#include "base/account.h"
#include "base/error.h"
#include "base/messages.h"
#include "base/signals.h"
#include "update/config.h"
#include "update/database_set.h"
#include "update/places.h"

#include <string>

namespace hostav {

/// Diffs that are kept a database: clients that are further behind take the whole file.
inline constexpr unsigned served_diffs = 30;

/// Brings config.serve_directory up to date with the live set. Every .cvd of it is linked or
/// copied; a database that is live as .cld is fetched whole (see OfficialRequest: serving turns
/// ScriptedUpdates off, so that this happens once); missing diffs between the version that was
/// served and the new one are fetched from the mirrors, and one that cannot be had is skipped with
/// a warning. Nothing is served that is not live.
[[nodiscard]] Result<void> update_served(const UpdateConfig &config, const Places &places,
                                         const DatabaseSet &live, bool no_dns,
                                         const std::optional<Account> &account, Messages &messages,
                                         Signals *signals);

} // namespace hostav
