// SPDX-License-Identifier: GPL-2.0-only
//
// A set of databases as one file, tar.zst by libarchive: `manifest` (set_text of the files) first,
// then the files. Not in it: freshclam.dat, which is one machine's identity, and what is allowed
// here (hostav-allow.*).
#pragma once

#include "base/account.h"
#include "base/error.h"
#include "base/signals.h"
#include "update/database_set.h"

#include <cstdint>
#include <optional>
#include <string>

namespace hostav {

/// Writes to a file that is replaced whole, or to stdout for `-`.
[[nodiscard]] Result<void> export_set(int directory, const DatabaseSet &set,
                                      const std::string &file);

/// Reads an archive (`-`: stdin) into an empty directory and checks every file against the
/// manifest: names that libclamav loads, no paths, no links, sizes, digests, nothing missing or
/// left over. Unpacks in a caged child, because the archive may come from anywhere.
[[nodiscard]] Result<DatabaseSet> import_set(const std::string &file, const std::string &staging,
                                             std::uint64_t max_size, Signals *signals);

} // namespace hostav
