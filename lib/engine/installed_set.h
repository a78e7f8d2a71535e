// SPDX-License-Identifier: GPL-2.0-only
//
// How a database directory says that it is being changed, so that nobody of ours loads half of one
// set and half of another. sigupdate replaces several files one by one; while it does (and after a
// crash until the next run), a journal stands in the directory `.hostav` below the databases:
//
//   DIR/.hostav/journal   one flat JSON object a line, see Change; there only while files change
//   DIR/.hostav/current   the set that is live; replaced by every installation
//
// Everything here only reads and needs no lock and no privilege beyond reading the directory.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace hostav {

inline constexpr const char *control_directory = ".hostav";
inline constexpr const char *journal_name = "journal";
inline constexpr const char *current_name = "current";

/// One file that an installation replaces, adds or removes.
struct Change {
    std::string name;       ///< in the database directory
    std::string old_sha256; ///< empty: there was none
    std::string new_sha256; ///< empty: it goes
};

struct Journal {
    std::string source; ///< directory that the new files come from, absolute
    std::vector<Change> changes;
};

[[nodiscard]] std::string journal_text(const Journal &journal);
[[nodiscard]] Result<Journal> parse_journal(std::string_view text, const std::string &what);

/// What to load of one database directory.
struct InstalledSet {
    std::vector<std::string> paths; ///< {DIR}, or every single file while a journal stands
    std::string state;              ///< changes whenever the set does; empty: not ours, ask nothing
};

/// The set that is live. While a journal stands: for a moment waits for it to go, then the new set,
/// file by file (a new file is in the journal's source until it is renamed into place), those that
/// take signatures back (ign, ign2, fp, sfp) first. Fails when that set is not whole.
[[nodiscard]] Result<InstalledSet> find_installed_set(const std::string &directory);
/// Whether nothing has changed since find_installed_set(); asked after loading.
[[nodiscard]] bool is_still_installed(const std::string &directory, const InstalledSet &set);

} // namespace hostav
