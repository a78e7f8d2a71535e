// SPDX-License-Identifier: GPL-2.0-only
#include "base/files.h"

#include "base/text.h"

#include <array>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/uio.h>

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

void remove_contents(int directory) {
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return;
    const std::unique_ptr<DIR, int (*)(DIR *)> dir(::fdopendir(copy), ::closedir);
    if (!dir) {
        ::close(copy);
        return;
    }
    while (const dirent *entry = ::readdir(dir.get())) {
        const std::string name = static_cast<const char *>(entry->d_name);
        if (name == "." || name == "..")
            continue;
        if (::unlinkat(directory, name.c_str(), 0) == 0)
            continue;
        const Fd below(::openat(directory, name.c_str(),
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (below)
            remove_contents(below.get());
        ::unlinkat(directory, name.c_str(), AT_REMOVEDIR);
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

} // namespace hostav
