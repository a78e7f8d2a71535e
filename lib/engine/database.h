// SPDX-License-Identifier: GPL-2.0-only
//
// Which signature databases there are: the installed ones, those that come with the program, and
// what clamscan's --version says of them.
#pragma once

#include "base/error.h"
#include "engine/engine_options.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

/// What the first 512 bytes of a CVD or CLD say.
struct DatabaseHead {
    std::uint64_t version = 0;
    std::uint64_t signatures = 0;
    std::uint64_t functionality_level = 0;
    std::string builder;
    std::string built; ///< as it stands there, `16 Jun 2021 16:01 -0400`
    std::time_t built_time = 0;
};
[[nodiscard]] Result<DatabaseHead> read_database_head(int fd, const std::string &what);
/// Where libclamav 1.5 looks for the certificates of databases that are signed with a file of their
/// own; where that is not there (another package has it, or a cage hides it), a directory that
/// is: 1.5 loads nothing otherwise. The signature inside a database counts then, as it does
/// for 1.4.
[[nodiscard]] std::string certificates_directory();
/// Whether the file is signed as the official .cvd files are. Reads and digests all of it.
[[nodiscard]] Result<void> verify_signed_database(const std::string &path);

/// Of the daily database in a directory, the newer one if there are two.
[[nodiscard]] std::optional<DatabaseHead> daily_database_head(const std::string &directory);

/// Whether libclamav would load a file of this name from a directory (`.hdb`, `.cvd` …).
[[nodiscard]] bool is_database_name(std::string_view name);
/// `.cvd`, `.cld`, `.cud`: a container with a version.
[[nodiscard]] bool is_database_container(std::string_view name);

/// The directory clamscan would use: /var/lib/clamav, or freshclam.conf's DatabaseDirectory when
/// the daily database there is newer.
[[nodiscard]] std::string installed_database_directory();
/// The same where libclamav's own is `standard`; /var/lib/clamav is where all distributions have
/// it.
inline constexpr const char *usual_database_directory = "/var/lib/clamav";
[[nodiscard]] std::string choose_database_directory(const std::string &standard);

/// Whether a directory holds at least one file that libclamav would load.
[[nodiscard]] bool holds_databases(const std::string &directory);

/// When the newest signatures of a directory were made: of a container (CVD, CLD, CUD) what its
/// head says, of other files when they were written last. 0: there are none.
[[nodiscard]] std::time_t newest_signatures(const std::string &directory);

/// `ClamAV 1.4.6`, with `/27800/Tue Nov  3 07:24:11 2026` when `directory` has a daily database.
[[nodiscard]] std::string engine_and_database_version(const std::string &directory);

/// Which signatures to load where `load` names none: the installed ones, else those that come with
/// the program (EICAR and the ClamAV test file), written below `directory`; then load.embedded is
/// set. `directory` must be ours alone.
[[nodiscard]] Result<void> choose_databases(LoadOptions &load, const std::string &directory);
/// Those that come with the program, whatever is installed.
[[nodiscard]] Result<void> use_embedded_signatures(LoadOptions &load, const std::string &directory);

} // namespace hostav
