// SPDX-License-Identifier: GPL-2.0-only
//
// Which signature databases there are: the installed ones, those that come with the program, and
// what clamscan's --version says of them.
#pragma once

#include "base/error.h"
#include "engine/engine_options.h"

#include <string>

namespace hostav {

/// The directory clamscan would use: /var/lib/clamav, or freshclam.conf's DatabaseDirectory when
/// the daily database there is newer.
[[nodiscard]] std::string installed_database_directory();

/// Whether a directory holds at least one file that libclamav would load.
[[nodiscard]] bool holds_databases(const std::string &directory);

/// `ClamAV 1.4.6`, with `/27800/Tue Nov  3 07:24:11 2026` when `directory` has a daily database.
[[nodiscard]] std::string engine_and_database_version(const std::string &directory);

/// Which signatures to load where `load` names none: the installed ones, else those that come with
/// the program (EICAR and the ClamAV test file), written below `directory`; then load.embedded is
/// set. `directory` must be ours alone.
[[nodiscard]] Result<void> choose_databases(LoadOptions &load, const std::string &directory);

} // namespace hostav
