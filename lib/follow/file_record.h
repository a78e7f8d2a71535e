// SPDX-License-Identifier: GPL-2.0-only
//
// What is kept durably of a followed path: which file is read, how far, and which ones before it,
// as one line of JSON.
#pragma once

#include "base/error.h"
#include "follow/event_reader.h"
#include "follow/fingerprint.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// A file and the place up to which it was read.
struct FilePlace {
    FileIdentity id;
    std::int64_t born = 0;   ///< nanoseconds since 1970; 0: not known
    Fingerprint fingerprint; ///< unknown: nothing was read yet
    Anchor anchor;           ///< not after state.offset
    ReadState state;
};

struct FileRecord {
    std::string path; ///< that is followed: the pattern, where the newest match is
    std::string file; ///< its name when it was opened, where that is another one
    FilePlace place;
    std::int64_t modified = 0;   ///< nanoseconds since 1970, of the earliest that is not done
    std::int64_t since = 0;      ///< likewise: what comes after it was not made before this
    std::vector<FilePlace> past; ///< files before it, earlier ones first

    [[nodiscard]] std::string text() const;
    static Result<FileRecord> parse(std::string_view text, const std::string &what);
};

/// The key of a path's record: its section, a separator, the path. What is too long for a key of
/// 400 bytes is replaced by its SHA-256.
[[nodiscard]] std::string file_key(const std::string &section, const std::string &path);
/// The section in a key (its SHA-256, where it was too long).
[[nodiscard]] std::string section_of_key(std::string_view key);

} // namespace hostav
