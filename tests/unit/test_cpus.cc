// SPDX-License-Identifier: GPL-2.0-only
//
// CPU and memory limits read from made-up /proc and /sys trees. The affinity mask is the real
// one, so the made-up quotas can only lower it.
#include "base/cpus.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sched.h>
#include <string>
#include <vector>

using namespace hostav;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

/// A made-up root, removed at the end.
class FakeRoot {
  public:
    FakeRoot() {
        std::string name = "/tmp/hostav-cpus-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        root_ = name;
        put("/proc/meminfo", "MemTotal: 16777216 kB\nMemFree: 5 kB\nMemAvailable:    8388608 kB\n");
    }
    ~FakeRoot() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    FakeRoot(const FakeRoot &) = delete;
    FakeRoot &operator=(const FakeRoot &) = delete;

    void put(const std::string &path, const std::string &text) const {
        const std::filesystem::path file = root_ + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        REQUIRE(std::filesystem::exists(file));
    }
    void remove(const std::string &path) const { std::filesystem::remove(root_ + path); }
    [[nodiscard]] const std::string &path() const { return root_; }

  private:
    std::string root_;
};

constexpr const char *v2_mount =
    "24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw\n"
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

/// As on a machine with both versions (systemd's hybrid mode).
constexpr const char *hybrid_mounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 master:2 - cgroup cgroup "
    "rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

unsigned real_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    return static_cast<unsigned>(CPU_COUNT(&set));
}

/// What a quota of so many CPUs leaves of this machine.
unsigned at_most(unsigned quota) {
    return std::min(real_cpus(), quota);
}

bool can_see_a_quota() {
    if (real_cpus() > 1)
        return true;
    std::cerr << "SKIP: one CPU only, a lower quota cannot be seen\n";
    return false;
}

} // namespace

TEST_CASE("without any cgroup the affinity mask decides", "[cpus]") {
    const FakeRoot root;
    CHECK(available_cpus(root.path()) == real_cpus());
    CHECK(available_memory(root.path()) == 8192 * mib);
}

TEST_CASE("the affinity mask counts", "[cpus]") {
    if (!can_see_a_quota())
        return;
    const FakeRoot root;
    cpu_set_t before;
    REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
    const unsigned cpus = available_cpus(root.path());
    REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
    CHECK(cpus == 1);
}

TEST_CASE("version 2: quota of the group and of its ancestors", "[cpus]") {
    if (!can_see_a_quota())
        return;
    const FakeRoot root;
    const std::string base = "/sys/fs/cgroup";
    root.put("/proc/self/mountinfo", v2_mount);
    root.put("/proc/self/cgroup", "0::/system.slice/cron.service\n");
    root.put(base + "/system.slice/cron.service/cpu.max", "max 100000\n");
    CHECK(available_cpus(root.path()) == real_cpus());

    root.put(base + "/system.slice/cron.service/cpu.max", "100001 100000\n"); // rounded up
    CHECK(available_cpus(root.path()) == at_most(2));
    root.put(base + "/system.slice/cron.service/cpu.max", "100000 100000\n");
    CHECK(available_cpus(root.path()) == 1);
    root.put(base + "/system.slice/cron.service/cpu.max", "1000 100000\n"); // never 0
    CHECK(available_cpus(root.path()) == 1);

    root.put(base + "/system.slice/cron.service/cpu.max", "9900000 100000\n");
    CHECK(available_cpus(root.path()) == at_most(99));
    root.put(base + "/system.slice/cpu.max", "50000 100000\n"); // the parent is the tighter one
    CHECK(available_cpus(root.path()) == 1);
}

TEST_CASE("version 2 in a container: the mount shows a group as its root", "[cpus]") {
    if (!can_see_a_quota())
        return;
    const FakeRoot root;
    root.put("/proc/self/mountinfo",
             "35 24 0:30 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    SECTION("and /proc/self/cgroup names the host's path") {
        root.put("/proc/self/cgroup", "0::/docker/ab/inner\n");
        root.put("/sys/fs/cgroup/inner/cpu.max", "100000 100000\n");
        CHECK(available_cpus(root.path()) == 1);
    }
    SECTION("and the limit is the container's") {
        root.put("/proc/self/cgroup", "0::/docker/ab\n");
        root.put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
        CHECK(available_cpus(root.path()) == 1);
    }
    SECTION("and a group of which only the name's beginning is the same is not inside") {
        root.put("/proc/self/cgroup", "0::/docker/abc\n");
        root.put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
        root.put("/sys/fs/cgroupc/cpu.max", "max 100000\n");
        CHECK(available_cpus(root.path()) == 1);
    }
    SECTION("and the group lies outside of the namespace") {
        root.put("/proc/self/cgroup", "0::/../other\n");
        root.put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
        CHECK(available_cpus(root.path()) == 1);
    }
}

TEST_CASE("version 1 and both at once", "[cpus]") {
    if (!can_see_a_quota())
        return;
    const FakeRoot root;
    const std::string base = "/sys/fs/cgroup/cpu,cpuacct";
    root.put("/proc/self/mountinfo", hybrid_mounts);
    root.put("/proc/self/cgroup", "9:name=systemd:/x\n4:memory:/jobs/7\n3:cpuset:/\n"
                                  "1:cpu,cpuacct:/jobs/7\n0::/\n");
    root.put(base + "/cpu.cfs_quota_us", "-1\n");
    root.put(base + "/cpu.cfs_period_us", "100000\n");
    root.put(base + "/jobs/7/cpu.cfs_quota_us", "-1\n");
    root.put(base + "/jobs/7/cpu.cfs_period_us", "100000\n");
    CHECK(available_cpus(root.path()) == real_cpus());

    root.put(base + "/jobs/7/cpu.cfs_quota_us", "150000\n");
    CHECK(available_cpus(root.path()) == at_most(2));
    root.put(base + "/jobs/7/cpu.cfs_period_us", "150000\n");
    CHECK(available_cpus(root.path()) == 1);

    root.put(base + "/jobs/7/cpu.cfs_quota_us", "-1\n");
    root.put(base + "/jobs/cpu.cfs_quota_us", "20000\n");
    root.put(base + "/jobs/cpu.cfs_period_us", "100000\n");
    CHECK(available_cpus(root.path()) == 1);

    root.remove(base + "/jobs/cpu.cfs_quota_us");
    CHECK(available_cpus(root.path()) == real_cpus());
    root.put("/sys/fs/cgroup/unified/cpu.max", "100000 100000\n"); // the other version limits
    CHECK(available_cpus(root.path()) == 1);
}

TEST_CASE("nonsense in the files limits nothing", "[cpus]") {
    const FakeRoot root;
    root.put("/proc/self/mountinfo", std::string("garbage\n- - -\n1 2 3 - cgroup2\n") + v2_mount);
    root.put("/proc/self/cgroup", "garbage\n:\n\n0::/g\n");
    for (const char *text : {"", "\n", "100000\n", "x y\n", "100000 0\n", "-5 100000\n"}) {
        root.put("/sys/fs/cgroup/g/cpu.max", text);
        CHECK(available_cpus(root.path()) == real_cpus());
    }
}

TEST_CASE("mount points with blanks are found", "[cpus]") {
    const FakeRoot root;
    root.put("/proc/self/mountinfo", "35 24 0:30 / /my\\040cg\\134x rw - cgroup2 cgroup2 rw\n");
    root.put("/proc/self/cgroup", "0::/\n");
    root.put("/my cg\\x/memory.max", std::to_string(64 * mib));
    root.put("/my cg\\x/memory.current", "0\n");
    CHECK(available_memory(root.path()) == 64 * mib);
}

TEST_CASE("version 2: memory that the limits leave", "[cpus]") {
    const FakeRoot root;
    const std::string group = "/sys/fs/cgroup/a/b";
    root.put("/proc/self/mountinfo", v2_mount);
    root.put("/proc/self/cgroup", "0::/a/b\n");
    root.put(group + "/memory.max", "max\n");
    root.put(group + "/memory.current", std::to_string(300 * mib));
    CHECK(available_memory(root.path()) == 8192 * mib);

    root.put(group + "/memory.max", std::to_string(1000 * mib) + "\n");
    CHECK(available_memory(root.path()) == 700 * mib);
    root.put(group + "/memory.stat", "anon 5\ninactive_file " + std::to_string(100 * mib) +
                                         "\nactive_file " + std::to_string(50 * mib) + "\n");
    CHECK(available_memory(root.path()) == 850 * mib); // cache can be taken back
    root.put(group + "/memory.high", std::to_string(500 * mib) + "\n");
    CHECK(available_memory(root.path()) == 350 * mib);
    root.put("/sys/fs/cgroup/a/memory.max", std::to_string(400 * mib) + "\n");
    root.put("/sys/fs/cgroup/a/memory.current", std::to_string(390 * mib) + "\n");
    CHECK(available_memory(root.path()) == 10 * mib);
    root.put("/sys/fs/cgroup/a/memory.current", std::to_string(500 * mib) + "\n");
    CHECK(available_memory(root.path()) == 1); // none left is not the same as not known
    root.put("/sys/fs/cgroup/a/memory.max", std::to_string(100000 * mib) + "\n");
    root.put(group + "/memory.high", "max\n");
    root.put(group + "/memory.max", std::to_string(90000 * mib) + "\n");
    CHECK(available_memory(root.path()) == 8192 * mib); // the machine has less
}

TEST_CASE("version 1: memory that the limits leave", "[cpus]") {
    const FakeRoot root;
    const std::string group = "/sys/fs/cgroup/memory/jobs/7";
    root.put("/proc/self/mountinfo", hybrid_mounts);
    root.put("/proc/self/cgroup", "4:memory:/jobs/7\n0::/\n");
    root.put(group + "/memory.limit_in_bytes", "9223372036854771712\n");
    root.put(group + "/memory.usage_in_bytes", std::to_string(300 * mib) + "\n");
    CHECK(available_memory(root.path()) == 8192 * mib);
    root.put(group + "/memory.limit_in_bytes", std::to_string(1000 * mib) + "\n");
    root.put(group + "/memory.stat",
             "inactive_file 7\ntotal_inactive_file " + std::to_string(20 * mib) + "\n");
    CHECK(available_memory(root.path()) == 720 * mib);
}

TEST_CASE("memory that cannot be told is 0", "[cpus]") {
    const FakeRoot root;
    root.put("/proc/meminfo", "MemTotal: 1000 kB\n");
    CHECK(available_memory(root.path()) == 0);
    CHECK(available_memory(root.path() + "/nowhere") == 0);
    CHECK(available_cpus(root.path() + "/nowhere") == real_cpus());
}

TEST_CASE("this machine has something to work with", "[cpus]") {
    CHECK(available_cpus() >= 1);
    CHECK(available_cpus() <= real_cpus());
    CHECK(available_memory() > mib);
}
