// SPDX-License-Identifier: GPL-2.0-only
#include "base/files.h"

#include "base/text.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace hostav {

Result<Fd> unnamed_file(const std::string &directory) {
    constexpr mode_t only_us = 0600;
    Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, only_us));
    if (fd)
        return fd;
    std::string name = directory + "/hostav.XXXXXX";
    fd.reset(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(directory));
    ::unlink(name.c_str());
    return fd;
}

Result<void> write_all(int fd, std::string_view bytes, const std::string &what) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return fail_errno(what);
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR *)>;

Directory read_directory(int directory) {
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Directory dir(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
    if (!dir && copy >= 0)
        ::close(copy);
    return dir;
}

/// Gives the owner of a directory the rights that emptying and moving it need. Never through a
/// symbolic link: another process of the worker's user may swap names while root is at work here.
bool unlock_directory(int parent, const char *name) {
    const Fd held(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!held)
        return false;
    const auto path = "/proc/self/fd/" + std::to_string(held.get());
    return ::chmod(path.c_str(), S_IRWXU) == 0;
}

/// Unlinks the files in `from` and moves its directories up into `top`. False when nothing could
/// be changed.
bool empty_into(int from, int top, std::uint64_t &number) {
    const auto dir = read_directory(from);
    bool changed = false;
    while (const dirent *entry = dir ? ::readdir(dir.get()) : nullptr) {
        const char *name = static_cast<const char *>(entry->d_name);
        if (std::string_view(name) == "." || std::string_view(name) == "..")
            continue;
        if (::unlinkat(from, name, 0) == 0 || ::unlinkat(from, name, AT_REMOVEDIR) == 0) {
            changed = true;
            continue;
        }
        if (!unlock_directory(from, name))
            continue;
        const auto moved = "hostav-removed-" + std::to_string(number++);
        changed |= ::renameat2(from, name, top, moved.c_str(), RENAME_NOREPLACE) == 0;
    }
    return changed;
}

} // namespace

// What is removed may have been made by a worker that was taken over, thousands of levels deep:
// no recursion, and only a handful of descriptors. Every directory is moved up to the top
// before its own content is looked at.
void remove_contents(int directory) {
    std::uint64_t number = 0;
    for (bool changed = true; changed;) {
        changed = false;
        const auto dir = read_directory(directory);
        while (const dirent *entry = dir ? ::readdir(dir.get()) : nullptr) {
            const char *name = static_cast<const char *>(entry->d_name);
            if (std::string_view(name) == "." || std::string_view(name) == "..")
                continue;
            if (::unlinkat(directory, name, 0) == 0) {
                changed = true;
                continue;
            }
            Fd below(::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!below && unlock_directory(directory, name))
                below.reset(
                    ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (below)
                changed |= empty_into(below.get(), directory, number);
            changed |= ::unlinkat(directory, name, AT_REMOVEDIR) == 0;
        }
    }
}

bool probably_cached(int fd, std::uint64_t size) {
    if (size == 0)
        return true;
    for (const std::uint64_t at : {std::uint64_t{0}, size / 2, size - 1}) {
        std::array<char, 1> byte{};
        iovec vector{byte.data(), byte.size()};
        // RWF_NOWAIT answers EAGAIN instead of reading from the disk.
        if (::preadv2(fd, &vector, 1, static_cast<off_t>(at), RWF_NOWAIT) < 0 && errno == EAGAIN)
            return false;
    }
    return true;
}

Result<std::string> absolute_path(const std::string &path) {
    if (path.starts_with('/'))
        return path;
    std::unique_ptr<char, void (*)(void *)> here(::getcwd(nullptr, 0), std::free);
    if (!here)
        return fail_errno(escape_path(path));
    return std::string(here.get()) + "/" + path;
}

} // namespace hostav
