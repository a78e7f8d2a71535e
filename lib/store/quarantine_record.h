// SPDX-License-Identifier: GPL-2.0-only
//
// What the quarantine remembers of a file, to and from its JSON (see quarantine.h).
#pragma once

#include "base/error.h"
#include "store/actions.h"
#include "store/object.h"

#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

namespace hostav {

constexpr const char *record_suffix = ".json";

struct QuarantineRecord {
    std::string origin; ///< absolute, raw bytes, no `.` or `..` in it
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode = 0; ///< the 07777 bits
    struct timespec mtime = {}, atime = {};
    std::uint64_t size = 0;
    std::string sha256;
    std::vector<std::string> signatures;
    std::map<std::string, std::string> xattrs;
};

/// Everything but the digest.
[[nodiscard]] QuarantineRecord record_of(const InfectedFile &file, const struct stat &st,
                                         const Location &where);
/// One line with its line end; adds the current time and the host's name.
[[nodiscard]] std::string record_text(const QuarantineRecord &record);
[[nodiscard]] Result<QuarantineRecord> parse_record(std::string_view text, const std::string &what);

} // namespace hostav
