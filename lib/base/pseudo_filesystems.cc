// SPDX-License-Identifier: GPL-2.0-only
//
// The magic numbers are the kernel's (include/uapi/linux/magic.h and, for configfs, fusectl,
// mqueue, rpc_pipefs and nfsd, the file systems' own sources). tmpfs, devtmpfs and overlayfs hold
// files and are not here.
#include "base/pseudo_filesystems.h"

#include <cstdint>
#include <sys/vfs.h>

namespace hostav {

namespace {

struct Type {
    std::uint32_t magic;
    const char *name;
};

constexpr Type types[] = {
    {0x00009fa0, "proc"},        {0x62656572, "sysfs"},      {0x0027e0eb, "cgroup"},
    {0x63677270, "cgroup2"},     {0x00001cd1, "devpts"},     {0x74726163, "tracefs"},
    {0x64626720, "debugfs"},     {0x73636673, "securityfs"}, {0xcafe4a11, "bpf"},
    {0x6165676c, "pstore"},      {0xde5e81e4, "efivarfs"},   {0x62656570, "configfs"},
    {0x65735543, "fusectl"},     {0x19800202, "mqueue"},     {0x958458f6, "hugetlbfs"},
    {0xf97cff8c, "selinuxfs"},   {0x43415d53, "smackfs"},    {0x5a3c69f0, "apparmorfs"},
    {0x42494e4d, "binfmt_misc"}, {0x67596969, "rpc_pipefs"}, {0x6e667364, "nfsd"},
    {0x6e736673, "nsfs"},        {0x50494446, "pidfs"},      {0x00000187, "autofs"},
    {0x07655821, "resctrl"},     {0x6c6f6f70, "binder"},     {0xabba1974, "xenfs"},
    {0x00009fa1, "openpromfs"},
};

} // namespace

const char *pseudo_filesystem(int fd) {
    struct statfs info = {};
    if (::fstatfs(fd, &info) != 0)
        return nullptr;
    // f_type is signed and of the machine's word size: compare the 32 bits that are the number.
    const auto magic = static_cast<std::uint32_t>(info.f_type);
    for (const Type &type : types)
        if (type.magic == magic)
            return type.name;
    return nullptr;
}

} // namespace hostav
