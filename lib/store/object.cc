// SPDX-License-Identifier: GPL-2.0-only
#include "store/object.h"

#include "base/files.h"
#include "base/held_object.h"
#include "base/walk.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace hostav {
namespace {

constexpr const char *gone = "its name is no longer that of the scanned file";
constexpr const char *cannot_read = "cannot read it";
constexpr const char *cannot_write = "cannot write the copy";

std::string fd_link(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

bool same_content(const struct stat &a, const struct stat &b) {
    return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

} // namespace

Result<Location> locate(const InfectedFile &file) {
    struct stat object = {};
    if (fstat(file.fd, &object) != 0)
        return fail_errno("");
    Location where{file.directory, file.name};
    if (!where.directory) {
        // The kernel knows where the object is now, however many links led to it. Only a path
        // longer than PATH_MAX has to be taken from the walk. Either is a hint: the inode decides.
        std::string path = path_of_fd(file.fd);
        if (path.empty())
            path = file.real_path;
        auto [directory, name] = split_path(path);
        where.directory = std::make_shared<const Fd>(
            open_long_path(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_NOFOLLOW));
        where.name = name;
        if (!*where.directory)
            return fail_errno("");
    }
    if (!names_object(where.directory->get(), where.name, object))
        return fail("", gone);
    return where;
}

bool names_object(int directory, const std::string &name, const struct stat &object) {
    struct stat now = {};
    return fstatat(directory, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           same_object(now, object);
}

int unlink_object(int directory, const std::string &name, const struct stat &object) {
    // Linux cannot unlink "this name if it is that inode", so a moment is left in which the name
    // may change hands. It is harmless: whoever can put another file under the name has write
    // access to the directory (and owns the files, if it is sticky), so he could have unlinked that
    // other file himself; and the descriptor of the directory keeps us from being led elsewhere.
    if (!names_object(directory, name, object))
        return ESTALE;
    return unlinkat(directory, name.c_str(), 0) == 0 ? 0 : errno;
}

std::string unlink_error(int error) {
    return error == ESTALE ? gone : std::strerror(error); // NOLINT(concurrency-mt-unsafe)
}

int link_object(int fd, int directory, const std::string &name) {
    if (linkat(AT_FDCWD, fd_link(fd).c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) == 0)
        return 0;
    if (errno != ENOENT)
        return errno;
    // Without /proc: takes CAP_DAC_READ_SEARCH (or, since Linux 6.10, having opened it oneself).
    return linkat(fd, "", directory, name.c_str(), AT_EMPTY_PATH) == 0 ? 0 : errno;
}

Result<bool> copy_content(int from, int to) {
    struct stat before = {};
    if (fstat(from, &before) != 0)
        return fail_errno(cannot_read);
    // A file of a terabyte with nothing in it must not fill the disk.
    const bool sparse = before.st_blocks * 512 < before.st_size;
    std::vector<char> buffer(256UL << 10);
    off_t at = 0;
    while (at < before.st_size) {
        const auto rest = static_cast<std::size_t>(before.st_size - at);
        const ssize_t got = pread(from, buffer.data(), std::min(buffer.size(), rest), at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(cannot_read);
        if (got == 0)
            break;
        const bool hole = sparse && std::all_of(buffer.data(), buffer.data() + got,
                                                [](char c) { return c == 0; });
        at += got;
        if (hole) {
            if (lseek(to, at, SEEK_SET) != at)
                return fail_errno(cannot_write);
        } else if (auto written =
                       write_all(to, {buffer.data(), static_cast<std::size_t>(got)}, cannot_write);
                   !written) {
            return std::unexpected(written.error());
        }
    }
    struct stat after = {};
    if (ftruncate(to, at) != 0)
        return fail_errno(cannot_write);
    if (fstat(from, &after) != 0)
        return fail_errno(cannot_read);
    return at == before.st_size && same_content(before, after);
}

std::vector<std::string> xattr_names(int fd) {
    std::string list(XATTR_LIST_MAX, '\0');
    const ssize_t size = flistxattr(fd, list.data(), list.size());
    std::vector<std::string> names;
    for (std::size_t at = 0; size > 0 && at < static_cast<std::size_t>(size);) {
        names.emplace_back(list.c_str() + at);
        at += names.back().size() + 1;
    }
    return names;
}

std::optional<std::string> xattr_value(int fd, const std::string &name) {
    std::string value(XATTR_SIZE_MAX, '\0');
    const ssize_t size = fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0)
        return std::nullopt;
    value.resize(static_cast<std::size_t>(size));
    return value;
}

std::string path_of_fd(int fd) {
    std::string path(PATH_MAX, '\0');
    const ssize_t size = readlink(fd_link(fd).c_str(), path.data(), path.size());
    if (size <= 0 || static_cast<std::size_t>(size) == path.size() || path[0] != '/')
        return "";
    path.resize(static_cast<std::size_t>(size));
    return path;
}

std::pair<std::string, std::string> split_path(std::string path) {
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return {".", path};
    if (path.size() == 1)
        return {"/", "."};
    return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

} // namespace hostav
