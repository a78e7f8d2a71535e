// SPDX-License-Identifier: GPL-2.0-only
#include "base/held_object.h"

#include "base/directory_reader.h"
#include "base/walk.h" // open_long_path

#include <cerrno>
#include <climits>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace hostav {

namespace {

constexpr int path_only = O_PATH | O_CLOEXEC;
// O_NONBLOCK has no effect on a regular file but that a lease makes open fail instead of wait.
constexpr int read_file = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
// A lease holder (Samba, an NFS server) is told by the first attempt and gives way within
// milliseconds; the kernel itself waits up to 45 s for one that does not, a scan does not.
constexpr int lease_attempts = 50;
constexpr timespec lease_pause = {.tv_sec = 0, .tv_nsec = 20'000'000};
constexpr int max_links = 40; // as the kernel's own limit

std::string proc_name(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

/// Only the owner of a file may ask for O_NOATIME.
int open_without_atime(int dirfd, const char *path, int flags) {
    const int fd = ::openat(dirfd, path, flags | O_NOATIME);
    return fd >= 0 || errno != EPERM ? fd : ::openat(dirfd, path, flags);
}

Fd open_patiently(int dirfd, const std::string &path, int flags) {
    for (int attempt = 1;; ++attempt) {
        const int fd = open_without_atime(dirfd, path.c_str(), flags);
        const bool again = fd < 0 && (errno == EWOULDBLOCK || errno == EINTR);
        if (!again || attempt == lease_attempts)
            return Fd(fd);
        if (errno == EWOULDBLOCK)
            ::nanosleep(&lease_pause, nullptr);
    }
}

/// readlink(2) of any length; empty on failure.
std::string read_link(int dirfd, const std::string &path) {
    std::string text(PATH_MAX, '\0');
    const ssize_t length = ::readlinkat(dirfd, path.c_str(), text.data(), text.size());
    if (length <= 0)
        return {};
    text.resize(static_cast<std::size_t>(length));
    return text;
}

/// What the kernel says of a descriptor's path: nothing beyond PATH_MAX or without /proc.
std::string path_from_proc(int fd) {
    std::string path = read_link(AT_FDCWD, proc_name(fd));
    return path.starts_with('/') ? path : std::string();
}

std::optional<std::string> name_in(int parent, const struct stat &child) {
    DirectoryReader reader(parent);
    while (auto entry = reader.next()) {
        struct stat st = {};
        if (::fstatat(parent, entry->name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            same_object(st, child))
            return entry->name;
    }
    return std::nullopt;
}

/// Climbs by `..` to where the kernel can name the directory, or to the root, collecting names.
std::string real_directory(int handle) {
    std::string tail;
    Fd current(::openat(handle, ".", path_only | O_DIRECTORY));
    while (current) {
        if (std::string head = path_from_proc(current.get()); !head.empty())
            return head == "/" && !tail.empty() ? tail : head + tail;
        Fd parent(::openat(current.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct stat here = {};
        struct stat above = {};
        if (!parent || ::fstat(current.get(), &here) != 0 || ::fstat(parent.get(), &above) != 0)
            return {};
        if (same_object(here, above))
            return tail.empty() ? "/" : tail;
        const auto name = name_in(parent.get(), here);
        if (!name)
            return {};
        tail.insert(0, "/" + *name);
        current = std::move(parent);
    }
    return {};
}

std::string join(const std::string &directory, const std::string &name) {
    return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

/// The path of a file that the kernel cannot name: its directory's, found by following the links,
/// and its name.
std::string real_file(int directory, std::string name, int links) {
    Fd owned;
    for (; links >= 0; --links) {
        const std::string target = links > 0 ? read_link(directory, name) : std::string();
        if (target.empty()) {
            const std::string path = real_directory(directory);
            return path.empty() ? path : join(path, name);
        }
        const auto slash = target.rfind('/');
        name = slash == std::string::npos ? target : target.substr(slash + 1);
        if (slash == std::string::npos)
            continue;
        Fd next = open_long_path(directory, target.substr(0, slash + 1), path_only | O_DIRECTORY);
        if (!next)
            return {};
        owned = std::move(next);
        directory = owned.get();
    }
    return {};
}

} // namespace

Fd open_held_file(const Held &held) {
    Fd fd = open_patiently(AT_FDCWD, proc_name(held.handle), read_file);
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) // no /proc
        fd = open_patiently(held.directory, held.name,
                            held.followed ? read_file : read_file | O_NOFOLLOW);
    if (!fd) {
        if (errno == ELOOP && !held.followed) // a link stands there by now
            errno = ESTALE;
        return fd;
    }
    struct stat st = {};
    if (::fstat(fd.get(), &st) == 0 && same_object(st, held.st))
        return fd;
    fd.reset();
    errno = ESTALE;
    return fd;
}

Fd open_held_directory(int handle) {
    // "." of the held directory cannot be swapped, and needs no /proc.
    return open_patiently(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

std::string real_path_of(const Held &held) {
    std::string path = path_from_proc(held.handle);
    if (!path.empty())
        return path;
    if (S_ISDIR(held.st.st_mode))
        return real_directory(held.handle);
    return real_file(held.directory, held.name, held.followed ? max_links : 0);
}

} // namespace hostav
