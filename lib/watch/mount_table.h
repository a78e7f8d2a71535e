// SPDX-License-Identifier: GPL-2.0-only
//
// The mounts that this process sees, from /proc/self/mountinfo (proc(5)).
#pragma once

#include "base/error.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct Mount {
    std::uint64_t id = 0;
    std::string device;  ///< `MAJOR:MINOR`, the superblock's
    std::string root;    ///< of this mount inside its file system
    std::string point;   ///< where it is mounted
    std::string type;    ///< `ext4`, `fuse.sshfs`
    std::string options; ///< the superblock's
    std::uint64_t parent = 0;
};

class MountTable {
  public:
    /// In the order of the file: what is mounted over something else comes after it.
    [[nodiscard]] static MountTable parse(std::string_view text);
    /// `fd`: mountinfo, open; read from its beginning.
    [[nodiscard]] static Result<MountTable> read(int fd);

    [[nodiscard]] const std::vector<Mount> &mounts() const { return mounts_; }
    /// A null pointer for a mount of another namespace, or a detached one.
    [[nodiscard]] const Mount *find(std::uint64_t id) const;
    /// The mount that an absolute path without links leads to: not one that lies under another.
    [[nodiscard]] const Mount *holding(std::string_view path) const;

  private:
    [[nodiscard]] const Mount *root() const;
    std::vector<Mount> mounts_;
    std::map<std::uint64_t, std::size_t> by_id_;
};

/// The number of the mount that an open file was reached through, where statx(2) does not tell it
/// (kernels before 5.8); 0 when it cannot be known.
[[nodiscard]] std::uint64_t mount_id_of(int fd);
/// Whether `path` is `tree` or below it; both absolute, without a slash at the end but `/`.
[[nodiscard]] bool is_within(std::string_view path, std::string_view tree);
/// The path of what a mount shows at `path` inside the mount's own file system.
[[nodiscard]] std::string path_in_filesystem(const Mount &mount, std::string_view path);

} // namespace hostav
