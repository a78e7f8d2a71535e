// SPDX-License-Identifier: GPL-2.0-only
#include "watch/mount_table.h"

#include "base/fd.h"
#include "base/text.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *mountinfo = "/proc/self/mountinfo";

/// Blank, tab, line end and backslash stand there as three octal digits.
std::string unescaped(std::string_view field) {
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const auto octal = [&field](std::size_t at) {
            return at < field.size() && field[at] >= '0' && field[at] <= '7';
        };
        if (field[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
            text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                      (field[i + 3] - '0'));
            i += 3;
        } else {
            text += field[i];
        }
    }
    return text;
}

std::string_view next_field(std::string_view &line) {
    const auto end = line.find(' ');
    const auto field = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    return field;
}

bool parse_line(std::string_view line, Mount &mount) {
    const auto id = parse_number(next_field(line));
    const auto parent = parse_number(next_field(line));
    mount.device = next_field(line);
    mount.root = unescaped(next_field(line));
    mount.point = unescaped(next_field(line));
    const auto rest = line.find(" - "); // optional fields end there
    if (!id || rest == std::string_view::npos || !mount.point.starts_with('/'))
        return false;
    mount.id = *id;
    mount.parent = parent.value_or(0);
    line.remove_prefix(rest + 3);
    mount.type = unescaped(next_field(line));
    next_field(line); // the source
    mount.options = unescaped(next_field(line));
    return true;
}

} // namespace

bool is_within(std::string_view path, std::string_view tree) {
    if (tree == "/")
        return path.starts_with('/');
    return path.starts_with(tree) && (path.size() == tree.size() || path[tree.size()] == '/');
}

std::string path_in_filesystem(const Mount &mount, std::string_view path) {
    std::string_view below = path;
    if (mount.point != "/")
        below.remove_prefix(std::min(below.size(), mount.point.size()));
    if (mount.root == "/")
        return below.empty() ? "/" : std::string(below);
    return below == "/" ? mount.root : mount.root + std::string(below);
}

MountTable MountTable::parse(std::string_view text) {
    MountTable table;
    while (!text.empty()) {
        const auto end = text.find('\n');
        Mount mount;
        if (parse_line(text.substr(0, end), mount)) {
            table.by_id_[mount.id] = table.mounts_.size();
            table.mounts_.push_back(std::move(mount));
        }
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return table;
}

Result<MountTable> MountTable::read(int fd) {
    if (::lseek(fd, 0, SEEK_SET) < 0)
        return fail_errno(mountinfo);
    std::string text;
    std::array<char, 16384> piece{};
    ssize_t got = 0;
    while ((got = ::read(fd, piece.data(), piece.size())) > 0)
        text.append(piece.data(), static_cast<std::size_t>(got));
    if (got < 0)
        return fail_errno(mountinfo);
    return parse(text);
}

const Mount *MountTable::find(std::uint64_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &mounts_[found->second];
}

/// What `/` is, before anything is mounted over it.
const Mount *MountTable::root() const {
    for (const auto &mount : mounts_)
        if (mount.point == "/" && (mount.parent == mount.id || find(mount.parent) == nullptr))
            return &mount;
    return nullptr;
}

const Mount *MountTable::holding(std::string_view path) const {
    const Mount *at = root();
    if (at == nullptr) // of a chroot that is no mount itself: as well as it can be told
        for (const auto &mount : mounts_)
            if (is_within(path, mount.point) &&
                (at == nullptr || mount.point.size() >= at->point.size()))
                at = &mount;
    // As the kernel goes: from mount to mount, the nearest mount point on the way first.
    for (std::size_t steps = 0; at != nullptr && steps < mounts_.size(); ++steps) {
        const Mount *next = nullptr;
        for (const auto &mount : mounts_)
            if (mount.parent == at->id && &mount != at && is_within(path, mount.point) &&
                (next == nullptr || mount.point.size() <= next->point.size()))
                next = &mount;
        if (next == nullptr)
            break;
        at = next;
    }
    return at;
}

std::uint64_t mount_id_of(int fd) {
    const auto name = "/proc/self/fdinfo/" + std::to_string(fd);
    const Fd info(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> text{};
    const auto got = info ? ::read(info.get(), text.data(), text.size() - 1) : -1;
    const char *const line = got > 0 ? std::strstr(text.data(), "mnt_id:") : nullptr;
    return line == nullptr ? 0 : std::strtoull(line + std::strlen("mnt_id:"), nullptr, 10);
}

} // namespace hostav
