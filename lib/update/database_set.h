// SPDX-License-Identifier: GPL-2.0-only
//
// The database files of a directory and what is known of each: the digest (computed once, and again
// only when the file's identity has changed) and what the header of a CVD or CLD says.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct DatabaseFile {
    std::string name; ///< `daily.cld`
    std::uint64_t size = 0;
    std::string sha256;
    bool managed = false; ///< fetched by us (official or custom); false: the administrator's own
    // CVD and CLD only; others have version 0, which prints as the digest's first 12 digits.
    std::uint64_t version = 0;
    std::uint64_t functionality_level = 0;
    std::string builder;
    std::string built; ///< as the header has it
    std::time_t built_time = 0;
    std::uint64_t signatures = 0;
    // The identity that the digest belongs to.
    std::uint64_t device = 0, inode = 0;
    std::int64_t modified = 0; ///< nanoseconds

    /// `daily` of `daily.cld`: what an update replaces. The whole name where the kind is not one.
    [[nodiscard]] std::string database() const;
    [[nodiscard]] std::string version_text() const;
};

struct DatabaseSet {
    unsigned number = 0;       ///< of the installation, counted up
    std::time_t installed = 0; ///< 0: not installed by us
    std::string eicar; ///< what the engine called EICAR at the proof; empty: unknown or not found
    std::vector<DatabaseFile> files; ///< by name

    [[nodiscard]] const DatabaseFile *find(std::string_view name) const;
    [[nodiscard]] const DatabaseFile *find_database(std::string_view database) const;
    [[nodiscard]] std::uint64_t signatures() const;
    /// Newest build time of official databases, 0 without any.
    [[nodiscard]] std::time_t newest_build() const;
};

/// Reads the database files of an open directory (regular files with a name that libclamav loads,
/// see is_database_name in engine/database.h; links are not followed). Digests, `managed` and so on
/// come from `known` sets where name or inode, size and time are the same.
[[nodiscard]] Result<DatabaseSet> read_database_set(int directory,
                                                    const std::vector<const DatabaseSet *> &known);

/// A set as text, one flat JSON object a line, and back. `what` names the source in errors.
[[nodiscard]] std::string set_text(const DatabaseSet &set);
[[nodiscard]] Result<DatabaseSet> parse_set(std::string_view text, const std::string &what);

} // namespace hostav
