// SPDX-License-Identifier: GPL-2.0-only
//
// A process finds its own groups in two files: /proc/self/cgroup gives the group's path in each
// hierarchy, /proc/self/mountinfo where that hierarchy is mounted and which of its groups the
// mount shows as its root (in a container not `/`). Version 2 (one hierarchy), version 1 (one a
// controller) and both at once are read the same way. See cgroups(7).
#include "base/cpus.h"

#include "base/fd.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <sched.h>
#include <string_view>
#include <vector>

namespace hostav {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// Empty when it cannot be read: a limit that is not there does not limit.
std::string read_all(const std::string &path) {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    if (!fd)
        return text;
    std::array<char, 4096> chunk; // NOLINT(*-member-init): read(2) fills it
    for (;;) {
        const ssize_t got = read(fd.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return text;
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end > 0)
            parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

bool contains_word(std::string_view list, std::string_view word) {
    const auto words = split(list, ',');
    return std::ranges::find(words, word) != words.end();
}

/// mountinfo writes blanks, tabs, line ends and backslashes as three octal digits.
std::string decode_mount_path(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto is_octal = [&](std::size_t i) {
            return at + i < text.size() && text[at + i] >= '0' && text[at + i] <= '7';
        };
        if (text[at] == '\\' && is_octal(1) && is_octal(2) && is_octal(3)) {
            int byte = 0;
            for (std::size_t i = 1; i <= 3; ++i)
                byte = byte << 3 | (text[at + i] - '0');
            out += static_cast<char>(byte);
            at += 3;
        } else {
            out += text[at];
        }
    }
    return out;
}

struct Hierarchy {
    std::string shown_root; ///< the group that the mount shows as its root
    std::string mount_point;
};

/// Where a hierarchy is mounted: version 2 when `controller` is empty.
std::optional<Hierarchy> find_hierarchy(std::string_view mountinfo, std::string_view controller) {
    for (const auto line : split(mountinfo, '\n')) {
        // ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPER-OPTIONS
        const auto fields = split(line, ' ');
        const auto dash = std::ranges::find(fields, "-");
        if (dash - fields.begin() < 6 || fields.end() - dash < 4)
            continue;
        const bool found = controller.empty()
                               ? dash[1] == "cgroup2"
                               : dash[1] == "cgroup" && contains_word(dash[3], controller);
        if (found)
            return Hierarchy{decode_mount_path(fields[3]), decode_mount_path(fields[4])};
    }
    return std::nullopt;
}

/// This process's group in the hierarchy: `0::/GROUP` in version 2, `N:CONTROLLERS:/GROUP` in 1.
std::optional<std::string> find_group(std::string_view cgroup, std::string_view controller) {
    for (const auto line : split(cgroup, '\n')) {
        const auto first = line.find(':');
        const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos)
            continue;
        const auto controllers = line.substr(first + 1, second - first - 1);
        if (controller.empty() ? line.starts_with("0::") : contains_word(controllers, controller))
            return std::string(line.substr(second + 1));
    }
    return std::nullopt;
}

/// The directories of this process's group and of every ancestor that can be seen, innermost
/// first.
std::vector<std::string> group_directories(const std::string &root, std::string_view controller) {
    const auto hierarchy = find_hierarchy(read_all(root + "/proc/self/mountinfo"), controller);
    const auto group = find_group(read_all(root + "/proc/self/cgroup"), controller);
    if (!hierarchy || !group)
        return {};
    std::string below = *group;
    if (hierarchy->shown_root != "/") {
        // A group outside of what is mounted (`/../x` in a cgroup namespace, or a container that
        // sees the host's path) leaves the mount's own root as the nearest that can be seen.
        const std::string &shown = hierarchy->shown_root;
        const bool inside = below.starts_with(shown) &&
                            (below.size() == shown.size() || below[shown.size()] == '/');
        below = inside ? below.substr(shown.size()) : "";
    }
    if (below.starts_with("/.."))
        below.clear();
    const std::string mount_point = root + hierarchy->mount_point;
    std::vector<std::string> directories;
    for (;;) {
        while (below.ends_with('/'))
            below.pop_back();
        directories.push_back(mount_point + below);
        if (below.empty())
            return directories;
        below.resize(below.rfind('/'));
    }
}

/// The number in a file of one number; nothing for `max`, -1 and a file that is not there.
std::optional<std::uint64_t> number_in(const std::string &path) {
    const std::string text = read_all(path);
    return parse_number(std::string_view(text).substr(0, text.find('\n')));
}

/// The number behind `name` in a file of `NAME NUMBER [UNIT]` lines.
std::optional<std::uint64_t> named_number(const std::string &text, std::string_view name) {
    for (const auto line : split(text, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() >= 2 && words[0] == name)
            return parse_number(words[1]);
    }
    return std::nullopt;
}

std::uint64_t cpus_of(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
    if (!quota || !period || *period == 0)
        return no_limit;
    return (*quota / *period) + (*quota % *period != 0 ? 1 : 0);
}

std::uint64_t quota_cpus(const std::string &root) {
    std::uint64_t cpus = no_limit;
    for (const auto &directory : group_directories(root, "")) {
        const std::string text = read_all(directory + "/cpu.max"); // QUOTA|max PERIOD
        const auto words = split(std::string_view(text).substr(0, text.find('\n')), ' ');
        if (words.size() == 2)
            cpus = std::min(cpus, cpus_of(parse_number(words[0]), parse_number(words[1])));
    }
    for (const auto &directory : group_directories(root, "cpu"))
        cpus = std::min(cpus, cpus_of(number_in(directory + "/cpu.cfs_quota_us"),
                                      number_in(directory + "/cpu.cfs_period_us")));
    return cpus;
}

unsigned affinity_cpus() {
    // The kernel refuses a mask smaller than its own, whose size cannot be asked for.
    for (std::size_t bits = 1024; bits <= std::size_t{1024} * 1024; bits *= 2) {
        std::vector<cpu_set_t> set(bits / (8 * sizeof(cpu_set_t)));
        const std::size_t bytes = set.size() * sizeof(cpu_set_t);
        if (sched_getaffinity(0, bytes, set.data()) == 0)
            return static_cast<unsigned>(std::max(1, CPU_COUNT_S(bytes, set.data())));
        if (errno != EINVAL)
            break;
    }
    return 1;
}

/// What a group's limit leaves. The group's page cache counts as used there, but the kernel takes
/// it back before it kills: without that, a machine that has just read many files has none left.
std::uint64_t left_of(std::optional<std::uint64_t> limit, std::optional<std::uint64_t> used,
                      std::uint64_t cache) {
    if (!limit || !used)
        return no_limit;
    const std::uint64_t held = *used - std::min(*used, cache);
    return *limit - std::min(*limit, held);
}

std::uint64_t cgroup_memory(const std::string &root) {
    std::uint64_t left = no_limit;
    for (const auto &directory : group_directories(root, "")) {
        const std::string stat = read_all(directory + "/memory.stat");
        const auto used = number_in(directory + "/memory.current");
        const std::uint64_t cache = named_number(stat, "inactive_file").value_or(0) +
                                    named_number(stat, "active_file").value_or(0);
        // Above memory.high nothing is killed, but everything crawls.
        for (const char *limit : {"/memory.max", "/memory.high"})
            left = std::min(left, left_of(number_in(directory + limit), used, cache));
    }
    for (const auto &directory : group_directories(root, "memory")) {
        const std::string stat = read_all(directory + "/memory.stat");
        const std::uint64_t cache = named_number(stat, "total_inactive_file").value_or(0) +
                                    named_number(stat, "total_active_file").value_or(0);
        left = std::min(left, left_of(number_in(directory + "/memory.limit_in_bytes"),
                                      number_in(directory + "/memory.usage_in_bytes"), cache));
    }
    return left;
}

} // namespace

unsigned available_cpus(const std::string &root) {
    const std::uint64_t quota = std::max<std::uint64_t>(1, quota_cpus(root));
    return static_cast<unsigned>(std::min<std::uint64_t>(affinity_cpus(), quota));
}

std::uint64_t available_memory(const std::string &root) {
    std::uint64_t left = cgroup_memory(root);
    if (const auto kib = named_number(read_all(root + "/proc/meminfo"), "MemAvailable:"))
        left = std::min(left, *kib * 1024);
    return left == no_limit ? 0 : std::max<std::uint64_t>(1, left);
}

} // namespace hostav
