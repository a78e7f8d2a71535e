// SPDX-License-Identifier: GPL-2.0-only
//
// Names that rotation gives: logrotate(8)'s NAME.1, NAME-20260101, NAME.1.gz, with its `extension`
// STEM-20260101.EXT and STEM.1.EXT, its olddir; clamd's STEM-20221215_154203.EXT (LogRotate).
#pragma once

#include "base/error.h"
#include "follow/file_content.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace hostav {

/// A file beside the live one.
struct Sibling {
    std::string path;
    FileStatus status;
    bool compressed = false; ///< .gz
    bool rotated = false;    ///< its name says that it was the live file once

    /// Which of two was rotated earlier. Times within a second say nothing (gzip, logrotate and
    /// cp(1) keep no parts of it), names do: NAME.2 is older than NAME.1, dates go up.
    [[nodiscard]] bool before(const Sibling &other) const { return order() < other.order(); }
    [[nodiscard]] std::tuple<std::int64_t, std::int64_t, std::string_view, std::int64_t>
    order() const;
    std::int64_t number = 0; ///< N of NAME.N
    std::string suffix;      ///< what the name has more than the live one's
};

/// What `name` has more than `live`, without `.gz`, when rotation may have made it of that:
/// numbers, dates and times, `.old` and the like. Empty: it was not.
[[nodiscard]] std::string rotation_suffix(std::string_view name, std::string_view live);
/// `.tar .gz .zip .bz2 .rar .xz .zst`, which awslogs leaves out too (but for two).
[[nodiscard]] bool is_compressed_name(std::string_view name);
/// The name with every number in it as `0`: the same for app-1.log and app-22.log.
[[nodiscard]] std::string shape_of(std::string_view name);

/// Regular files with such names beside what `path` names (through a link: beside its target), and
/// `wanted` whatever its name, earlier ones first; where `wanted` is not there, also in the
/// subdirectories (logrotate's olddir), not deeper. Behind a symbolic link that moves on, app-2.log
/// is a sibling of app-3.log, too. None where there is no such directory.
[[nodiscard]] Result<std::vector<Sibling>> find_siblings(const std::string &path,
                                                         const FileIdentity &wanted);

} // namespace hostav
