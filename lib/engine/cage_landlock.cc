// SPDX-License-Identifier: GPL-2.0-only
//
// Landlock by raw system calls: glibc has no wrappers, and a build machine's header may be older
// than the kernel that the program runs on (Debian 12's knows ABI 2, kernels 7 and more). The
// interface is stable, so what is needed of linux/landlock.h stands here (landlock(7)).
#include "engine/cage_parts.h"

#include "base/fd.h"

#include <cstddef>
#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>

namespace hostav {
namespace {

// Added after the system call tables were unified: the same numbers on every architecture.
constexpr long sys_create_ruleset = 444;
constexpr long sys_add_rule = 445;
constexpr long sys_restrict_self = 446;

constexpr unsigned create_ruleset_version = 1;
constexpr int rule_path_beneath = 1;

constexpr std::uint64_t write_file = 1U << 1;
constexpr std::uint64_t read_file = 1U << 2;
constexpr std::uint64_t read_dir = 1U << 3;
constexpr std::uint64_t remove_dir = 1U << 4;
constexpr std::uint64_t remove_file = 1U << 5;
constexpr std::uint64_t make_dir = 1U << 7;
constexpr std::uint64_t make_regular = 1U << 8;
constexpr std::uint64_t refer = 1U << 13;
constexpr std::uint64_t truncate_file = 1U << 14;

constexpr std::uint64_t in_directory = write_file | read_file | read_dir | remove_dir |
                                       remove_file | make_dir | make_regular | refer |
                                       truncate_file;

struct Ruleset {
    std::uint64_t files;
    std::uint64_t tcp;
    std::uint64_t scopes;
};

struct [[gnu::packed]] PathBeneath {
    std::uint64_t allowed;
    std::int32_t directory;
};

/// Everything the ABI can forbid. Bits that a kernel does not know make it refuse the ruleset.
Ruleset everything(long abi) {
    std::uint64_t rights = 13; // execute to make_sym
    if (abi >= 2)
        rights = 14; // refer
    if (abi >= 3)
        rights = 15; // truncate
    if (abi >= 5)
        rights = 16; // ioctl on devices
    Ruleset ruleset = {.files = (1ULL << rights) - 1, .tcp = 0, .scopes = 0};
    if (abi >= 4)
        ruleset.tcp = 3; // bind, connect
    if (abi >= 6)
        ruleset.scopes = 3; // abstract sockets, signals
    return ruleset;
}

bool allow(int rules, int directory, std::uint64_t rights) {
    const PathBeneath beneath = {.allowed = rights, .directory = directory};
    return syscall(sys_add_rule, rules, rule_path_beneath, &beneath, 0U) == 0;
}

} // namespace

bool landlock_beneath(int directory, int read_only) {
    const long abi = syscall(sys_create_ruleset, nullptr, std::size_t{0}, create_ruleset_version);
    if (abi < 1)
        return false;
    const Ruleset ruleset = everything(abi);
    // An older kernel takes the longer structure as long as what it does not know is zero.
    const Fd rules(static_cast<int>(syscall(sys_create_ruleset, &ruleset, sizeof ruleset, 0U)));
    if (!rules)
        return false;
    if (!allow(rules.get(), directory, in_directory & ruleset.files))
        return false;
    if (read_only >= 0 && !allow(rules.get(), read_only, read_file | read_dir))
        return false;
    return syscall(sys_restrict_self, rules.get(), 0U) == 0;
}

} // namespace hostav
