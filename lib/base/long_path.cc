// SPDX-License-Identifier: GPL-2.0-only
//
// A path longer than PATH_MAX is opened in parts that the kernel takes, each one below the
// directory that the part before it has led to.
#include "base/walk.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>

namespace hostav {

namespace {
constexpr int path_only = O_PATH | O_CLOEXEC;
constexpr mode_t owner_only = 0600; // with O_CREAT among the flags
} // namespace

Fd open_long_path(int dirfd, const std::string &path, int flags) {
    if (path.find('\0') != std::string::npos) {
        errno = EINVAL;
        return {};
    }
    if (path.size() < PATH_MAX)
        return Fd(::openat(dirfd, path.c_str(), flags | O_CLOEXEC, owner_only));

    Fd owned;
    std::size_t from = path.find_first_not_of('/');
    if (from != 0) {
        owned.reset(::open("/", path_only | O_DIRECTORY));
        dirfd = owned.get();
        from = std::min(from, path.size());
    }
    while (dirfd >= 0 || dirfd == AT_FDCWD) {
        if (path.size() - from < PATH_MAX) {
            const std::string last = from == path.size() ? "." : path.substr(from);
            return Fd(::openat(dirfd, last.c_str(), flags | O_CLOEXEC, owner_only));
        }
        const std::size_t slash = path.rfind('/', from + PATH_MAX - 1);
        if (slash == std::string::npos || slash <= from) {
            errno = ENAMETOOLONG;
            break;
        }
        const std::string part = path.substr(from, slash - from);
        const int next = ::openat(dirfd, part.c_str(), path_only | O_DIRECTORY);
        owned.reset(next);
        dirfd = next < 0 ? -1 : next;
        from = std::min(path.find_first_not_of('/', slash), path.size());
    }
    return {};
}

} // namespace hostav
