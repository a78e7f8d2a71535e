// SPDX-License-Identifier: GPL-2.0-only
//
// Which gate watches a file system. Reading an event opens its file, and on a stacked file system
// that opens a file of the one below: a group that had both would wait for itself, in the kernel,
// for ever. A file system served by a process or a network can hang in the same place. So plain
// file systems share one gate, overlays over plain ones share another, and everything else has one
// of its own.
#pragma once

#include "watch/mount_table.h"

#include <string>

namespace hostav {

/// The gate of plain file systems.
inline constexpr const char *plain_gate = "plain";

struct FileSystemKind {
    std::string gate;       ///< file systems with the same name share a gate; empty: not watched
    bool remembers = false; ///< ignore marks are kept as they should be (not so on overlays, FUSE
                            ///< and network file systems)
};

/// `table`: of which the mount is, to find what an overlay lies on.
[[nodiscard]] FileSystemKind kind_of(const Mount &mount, const MountTable &table);
/// Whether asking for a file there may mean to wait for a server (FUSE, networks, automounters)
/// that never answers.
[[nodiscard]] bool may_hang(const Mount &mount);

} // namespace hostav
