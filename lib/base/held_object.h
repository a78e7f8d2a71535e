// SPDX-License-Identifier: GPL-2.0-only
//
// Opening what has been looked at. The walk first takes hold of an object with O_PATH, which has
// no effect on a FIFO, a device or a file, decides by fstat(2) what it is, and then opens that
// same object, whatever its name stands for by then. Also: where a held object really is.
#pragma once

#include "base/fd.h"

#include <string>
#include <sys/stat.h>

namespace hostav {

/// An object held by an O_PATH descriptor, and where it was found.
struct Held {
    int handle = -1;
    struct stat st = {};
    int directory = -1; ///< of `name`; AT_FDCWD will do
    std::string name = {};
    bool followed = false; ///< `name` is a symbolic link to the object
};

/// The held regular file, O_RDONLY, with O_NOATIME where that is allowed. An empty Fd and errno on
/// failure: ESTALE when the name leads to another object meanwhile (only where /proc is missing),
/// EWOULDBLOCK when somebody has kept a lease for about a second.
[[nodiscard]] Fd open_held_file(const Held &held);
/// The held directory, open for reading. Needs the right to search it as well as to read it.
[[nodiscard]] Fd open_held_directory(int handle);
/// The absolute path of the held object, of any length; empty when it cannot be known.
[[nodiscard]] std::string real_path_of(const Held &held);

[[nodiscard]] inline bool same_object(const struct stat &a, const struct stat &b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

} // namespace hostav
