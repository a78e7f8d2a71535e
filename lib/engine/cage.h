// SPDX-License-Identifier: GPL-2.0-only
//
// The cage a worker parses hostile data in: its own user (when started by root), chroot into its
// private temporary directory, Landlock where the kernel has it, no capabilities, no new
// privileges, a seccomp allow-list without network, exec and process creation, and rlimits.
// Entered once by a freshly forked, single-threaded child; there is no way back.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace hostav {

struct CageOptions {
    int temp_dir = -1;        ///< private, empty directory, owned by `uid`; becomes `/` as root
    std::string temp_path;    ///< its path before the chroot
    int read_dir = -1;        ///< also readable (not by Landlock's leave to be written); < 0: none.
    std::string read_path;    ///< Like temp_dir then directly in root_dir, by these names
    int root_dir = -1;        ///< becomes `/` as root instead of temp_dir
    bool change_user = false; ///< started by root: chroot, then become uid and gid
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint64_t extra_memory =
        0;                       ///< bytes of address space beyond what is mapped now; 0: no limit
    std::uint64_t file_size = 0; ///< largest temporary file in bytes; 0: no limit
};

/// Which walls stand, for -v and for tests.
struct CageState {
    bool chrooted = false;
    bool landlocked = false;
    std::string temp_path; ///< where the temporary directory is now, seen from inside
    std::string read_path; ///< likewise, read_dir
};

/// Must run in the parent, once, before workers are forked: loads what libraries would otherwise
/// open lazily (time zone, OpenSSL, the iconv modules that libclamav and libxml2 convert with).
void prepare_for_cage();

/// Enters the cage. On failure the caller must _exit: it may be half inside. Afterwards
/// opening, creating and removing files works in the temporary directory only, which is the working
/// directory; exec, sockets, fork, ptrace and mount kill the process (SIGSYS); other forbidden
/// calls give EPERM, new executable memory too. A PR_SET_PDEATHSIG set before stays in force. The
/// worker must end by _exit.
[[nodiscard]] Result<CageState> enter_cage(const CageOptions &options);

/// The account workers run as when started by root: `hostav` where it exists, else `nobody`.
[[nodiscard]] Result<void> cage_account(uid_t &uid, gid_t &gid);

} // namespace hostav
