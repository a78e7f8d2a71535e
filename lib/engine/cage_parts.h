// SPDX-License-Identifier: GPL-2.0-only
//
// The single walls of the cage, for cage.cc and its tests only. All act on the calling process,
// which must be single-threaded, and cannot be undone.
#pragma once

#include "base/error.h"

#include <vector>

namespace hostav {

/// Landlock: from now on files are opened, made and removed beneath `directory` only, and opened
/// for reading beneath `read_only` (< 0: none); no TCP port is bound or connected, no signal and no
/// abstract socket reaches a process outside. As much of that as the running kernel knows (ABI 1 of
/// Linux 5.13 and later); false where it knows nothing. Needs no_new_privs.
[[nodiscard]] bool landlock_beneath(int directory, int read_only = -1);

/// The working directory becomes `/` in a user namespace of its own, which an ordinary user may
/// have; false where the system forbids that. Leaves all capabilities of the new namespace in
/// force.
[[nodiscard]] bool chroot_in_user_namespace();

/// Installs the system call filter. Needs no_new_privs.
[[nodiscard]] Result<void> load_seccomp();

/// The encodings that libclamav 1.4 and libxml2 convert from, as iconv_open knows them.
[[nodiscard]] const std::vector<const char *> &engine_encodings();

} // namespace hostav
