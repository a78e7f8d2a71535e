// SPDX-License-Identifier: GPL-2.0-only
//
// What a configured path leads to, component by component, so that it is decided here which links
// are followed and which file systems are asked. realpath(3) would follow anybody's links, and wait
// for a server that says nothing. No open(2): that would raise an event on ourselves.
#pragma once

#include "watch/mount_table.h"

#include <string>

namespace hostav {

enum class LinksOf {
    anybody, ///< what more is included does no harm
    root,    ///< an ordinary user must not say what is excluded
};

struct ResolvedPath {
    std::string path;   ///< absolute, without `.`, `..` and slashes that say nothing
    bool exists = true; ///< as far as it was asked
};

/// Below the mount of a file system that may hang (watch/file_systems.h) nothing is asked: what is
/// left of the path is taken as it stands. So it is where there is nothing, and from a link that is
/// not to be followed.
[[nodiscard]] ResolvedPath resolve_path(const MountTable &table, const std::string &path,
                                        LinksOf followed);

} // namespace hostav
