// SPDX-License-Identifier: GPL-2.0-only
//
// The remedy for a false alarm: what is allowed in spite of the signatures. The record
// (STATE/allowed, one flat JSON object a line) is the truth; two database files are made from it,
// DIR/hostav-allow.sfp (files by SHA-256 and size) and DIR/hostav-allow.ign2 (signatures by name).
#pragma once

#include "base/error.h"
#include "update/database_set.h"
#include "update/places.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

inline constexpr const char *allowed_files_name = "hostav-allow.sfp";
inline constexpr const char *allowed_signatures_name = "hostav-allow.ign2";

struct Allowed {
    std::string sha256; ///< of a file, with size; or
    std::uint64_t size = 0;
    std::string signature; ///< a signature's name, without .UNOFFICIAL
    std::string path;      ///< the file's, for people; may be empty
    std::string reason;
    std::string by; ///< who, for people
    std::time_t added = 0;
    std::optional<std::time_t> expires;

    /// `SHA256:SIZE` or the signature's name.
    [[nodiscard]] std::string key() const;
};

/// What --allow's argument means: an existing file, SHA256:SIZE, or a signature's name. EICAR by
/// any of them is refused: it proves that the engine works. `eicar`: what the live set calls it.
[[nodiscard]] Result<Allowed> parse_allowed(const std::string &argument, const std::string &eicar);
/// `2026-12-31`, `2026-12-31 23:59`, or `30d`, `12h`, `2w` from now on.
[[nodiscard]] Result<std::time_t> parse_expiry(const std::string &text, std::time_t now);

[[nodiscard]] Result<std::vector<Allowed>> read_allowed(const Places &places);
/// Without what has expired at `now`; the names of those go to `expired`.
[[nodiscard]] std::vector<Allowed> still_allowed(std::vector<Allowed> list, std::time_t now,
                                                 std::vector<std::string> &expired);
/// The content of the two files; empty: the file goes.
[[nodiscard]] std::string allowed_files_text(const std::vector<Allowed> &list);
[[nodiscard]] std::string allowed_signatures_text(const std::vector<Allowed> &list);

/// Writes the record and the two files (each replaced whole, synced). The caller holds commit.lock.
[[nodiscard]] Result<void> write_allowed(const Places &places, const std::vector<Allowed> &list);
/// Takes back what has expired, and mends the two files where they do not fit the record (a killed
/// run, a hand that edited them). Whether that changed anything. The caller holds commit.lock.
[[nodiscard]] Result<bool> refresh_allowed(const Places &places, std::time_t now,
                                           std::vector<std::string> &expired);

} // namespace hostav
