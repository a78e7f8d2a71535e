// SPDX-License-Identifier: GPL-2.0-only
#include "watch/file_systems.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <sys/vfs.h>
#include <vector>

namespace hostav {

namespace {

constexpr std::array local{"ext2",  "ext3",    "ext4",     "xfs",      "btrfs",    "tmpfs",
                           "ramfs", "f2fs",    "zfs",      "jfs",      "vfat",     "msdos",
                           "exfat", "ntfs3",   "nilfs2",   "reiserfs", "bcachefs", "hfsplus",
                           "udf",   "iso9660", "squashfs", "erofs",    "minix",    "romfs"};

/// Without files of anybody's. (By type, see base/pseudo_filesystems.h, which asks the mounted file
/// system; here a mount may be hidden under another.)
constexpr std::array pseudo{"proc",       "sysfs",     "cgroup",   "cgroup2",    "devpts",
                            "devtmpfs",   "tracefs",   "debugfs",  "securityfs", "bpf",
                            "pstore",     "efivarfs",  "configfs", "fusectl",    "mqueue",
                            "hugetlbfs",  "selinuxfs", "smackfs",  "apparmorfs", "binfmt_misc",
                            "rpc_pipefs", "nfsd",      "nsfs",     "autofs",     "resctrl",
                            "binder",     "xenfs",     "pidfs",    "openpromfs"};

template <typename List>
bool has(const List &list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

/// The directories that an overlay lies on; what is escaped in the options stays unknown.
std::vector<std::string> layers_of(std::string_view options) {
    std::vector<std::string> layers;
    while (!options.empty()) {
        const auto end = options.find(',');
        auto option = options.substr(0, end);
        options.remove_prefix(end == std::string_view::npos ? options.size() : end + 1);
        const auto equals = option.find('=');
        const auto name = option.substr(0, equals);
        if (equals == std::string_view::npos ||
            !(name == "upperdir" || name.starts_with("lowerdir")))
            continue;
        option.remove_prefix(equals + 1);
        while (!option.empty()) {
            const auto colon = option.find(':');
            if (colon != 0)
                layers.emplace_back(option.substr(0, colon));
            option.remove_prefix(colon == std::string_view::npos ? option.size() : colon + 1);
        }
    }
    return layers;
}

bool lies_on_plain(const Mount &overlay, const MountTable &table) {
    constexpr std::array<std::uint32_t, 2> stacked{0x794c7630, 0xf15f}; // overlayfs, ecryptfs
    const auto layers = layers_of(overlay.options);
    return !layers.empty() && std::ranges::all_of(layers, [&](const std::string &layer) {
        struct statfs fs = {};
        const auto *below = layer.starts_with("/") ? table.holding(layer) : nullptr;
        return below != nullptr && !may_hang(*below) && ::statfs(layer.c_str(), &fs) == 0 &&
               std::ranges::count(stacked, static_cast<std::uint32_t>(fs.f_type)) == 0;
    });
}

} // namespace

bool may_hang(const Mount &mount) {
    return mount.type == "autofs" ||
           !(has(local, mount.type) || has(pseudo, mount.type) || mount.type == "overlay");
}

FileSystemKind kind_of(const Mount &mount, const MountTable &table) {
    if (has(pseudo, mount.type))
        return {};
    if (has(local, mount.type))
        return {plain_gate, true};
    if (mount.type == "overlay" && lies_on_plain(mount, table))
        return {"overlay", false};
    return {mount.type + " " + mount.device, false};
}

} // namespace hostav
