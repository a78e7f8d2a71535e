// SPDX-License-Identifier: GPL-2.0-only
//
// What this process may use of the machine: its affinity mask and the cgroup limits it runs
// under (v2 and v1, every ancestor group counts).
#pragma once

#include <cstdint>
#include <string>

namespace hostav {

/// CPUs this process may keep busy at once: the smaller of the affinity mask and the cgroup CPU
/// quota (cpu.max or cpu.cfs_quota_us / cpu.cfs_period_us, rounded up), at least 1. `root` is
/// where /proc and /sys are found; tests point it at a made-up tree.
[[nodiscard]] unsigned available_cpus(const std::string &root = "");

/// Bytes of memory that can be had without swapping: the smaller of MemAvailable and what the
/// cgroup's memory limit leaves (its page cache counts as free). 0 when it cannot be told, else at
/// least 1.
[[nodiscard]] std::uint64_t available_memory(const std::string &root = "");

} // namespace hostav
