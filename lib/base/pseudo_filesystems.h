// SPDX-License-Identifier: GPL-2.0-only
//
// File systems that show the kernel's state and hold nobody's files, told by type and not by
// where they are mounted. Reading through them is useless and can block or change things.
#pragma once

namespace hostav {

/// The type's name (`proc`, `sysfs`, `cgroup2` …) when what `fd` refers to (O_PATH will do) lies on
/// such a file system, else a null pointer.
[[nodiscard]] const char *pseudo_filesystem(int fd);

} // namespace hostav
