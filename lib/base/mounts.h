// SPDX-License-Identifier: GPL-2.0-only
//
// Which file systems are mounted at more than one place, so that the same file can be met twice.
#pragma once

#include <set>
#include <string>
#include <sys/types.h>

namespace hostav {

class Mounts {
  public:
    /// Reads mountinfo (proc(5)); an unreadable one counts every device as mounted twice.
    static Mounts read(const std::string &path = "/proc/self/mountinfo");

    /// Whether files of this device may be seen under two paths without being hard links. True
    /// too for a device that mountinfo does not name: btrfs subvolumes have numbers of their own.
    [[nodiscard]] bool mounted_twice(dev_t device) const { return !once_.contains(device); }

  private:
    std::set<dev_t> once_;
};

} // namespace hostav
