// SPDX-License-Identifier: GPL-2.0-only
//
// Files that are made, read and linked whole.
#include "base/files.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

/// Names beside the one that is replaced; a killed process may leave one, which the next one takes.
std::string beside(const std::string &name) {
    return "." + name + ".new";
}

Result<void> copy_bytes(int from, int to, std::uint64_t size, const std::string &what) {
    std::uint64_t left = size;
    while (left > 0) {
        constexpr std::uint64_t piece = 1 << 30;
        const auto sent = ::sendfile(to, from, nullptr, std::min(left, piece));
        if (sent < 0 && errno != EINTR)
            return fail_errno(what);
        if (sent == 0)
            return fail(what, "became shorter while it was copied");
        left -= sent > 0 ? static_cast<std::uint64_t>(sent) : 0;
    }
    return {};
}

} // namespace

Result<void> sync(int fd, const std::string &what) {
    while (::fsync(fd) != 0)
        if (errno != EINTR)
            return fail_errno(what);
    return {};
}

Result<std::string> read_file(int directory, const std::string &name, std::size_t most) {
    const auto shown = escape_path(name);
    const Fd fd(::openat(directory, name.c_str(),
                         O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat st = {};
    if (!fd || ::fstat(fd.get(), &st) != 0)
        return fail_errno(shown);
    if (!S_ISREG(st.st_mode))
        return fail(shown, "is not a regular file");
    if (static_cast<std::uint64_t>(st.st_size) > most)
        return fail(shown, "is longer than " + std::to_string(most) + " bytes");
    std::string bytes(static_cast<std::size_t>(st.st_size), '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const auto got = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
        if (got < 0 && errno != EINTR)
            return fail_errno(shown);
        if (got == 0)
            break;
        have += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    bytes.resize(have);
    return bytes;
}

Result<void> replace_file(int directory, const std::string &name, std::string_view bytes,
                          mode_t mode) {
    const auto shown = escape_path(name);
    const auto temporary = beside(name);
    if (::unlinkat(directory, temporary.c_str(), 0) != 0 && errno != ENOENT)
        return fail_errno(shown);
    const Fd fd(::openat(directory, temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd)
        return fail_errno(shown);
    auto done = write_all(fd.get(), bytes, shown);
    if (done && ::fchmod(fd.get(), mode) != 0) // whatever the umask is
        done = fail_errno(shown);
    if (done)
        done = sync(fd.get(), shown);
    if (done && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0)
        done = fail_errno(shown);
    if (!done) {
        ::unlinkat(directory, temporary.c_str(), 0);
        return done;
    }
    return sync(directory, shown);
}

Result<void> copy_file(int from_directory, const std::string &from, int to_directory,
                       const std::string &to) {
    const auto shown = escape_path(to);
    const Fd in(::openat(from_directory, from.c_str(),
                         O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    struct stat st = {};
    if (!in || ::fstat(in.get(), &st) != 0)
        return fail_errno(escape_path(from));
    if (!S_ISREG(st.st_mode))
        return fail(escape_path(from), "is not a regular file");
    const Fd out(::openat(to_directory, to.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!out)
        return fail_errno(shown);
    auto done = copy_bytes(in.get(), out.get(), static_cast<std::uint64_t>(st.st_size), shown);
    constexpr mode_t permissions = 0777;
    const std::array times{st.st_atim, st.st_mtim};
    if (done && (::fchmod(out.get(), st.st_mode & permissions) != 0 ||
                 ::futimens(out.get(), times.data()) != 0))
        done = fail_errno(shown);
    if (done)
        done = sync(out.get(), shown);
    if (!done)
        ::unlinkat(to_directory, to.c_str(), 0);
    return done;
}

Result<void> link_or_copy(int from_directory, const std::string &from, int to_directory,
                          const std::string &to) {
    if (::linkat(from_directory, from.c_str(), to_directory, to.c_str(), 0) == 0)
        return {};
    if (errno != EPERM && errno != EXDEV && errno != EMLINK && errno != EACCES)
        return fail_errno(escape_path(to));
    return copy_file(from_directory, from, to_directory, to);
}

} // namespace hostav
