// SPDX-License-Identifier: GPL-2.0-only
#include "aws/small_file.h"

#include "base/fd.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {
constexpr std::size_t most = std::size_t{1} << 20;
}

Result<std::optional<std::string>> read_small_file(const std::string &path, bool named) {
    const auto what = escape_path(path);
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        if (errno == ENOENT || errno == ENOTDIR || (errno == EACCES && !named))
            return std::nullopt;
        return fail_errno(what);
    }
    struct stat st = {};
    if (::fstat(fd.get(), &st) != 0)
        return fail_errno(what);
    if (!S_ISREG(st.st_mode))
        return fail(what, "is not a regular file");
    std::string text(most + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(what);
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    if (size > most)
        return fail(what, "is larger than a megabyte");
    return text.substr(0, size);
}

std::string file_tag(const std::string &path) {
    struct stat st = {};
    if (::stat(path.c_str(), &st) != 0)
        return "-;";
    return std::to_string(st.st_dev) + "-" + std::to_string(st.st_ino) + "-" +
           std::to_string(st.st_size) + "-" + std::to_string(st.st_mtim.tv_sec) + "." +
           std::to_string(st.st_mtim.tv_nsec) + ";";
}

} // namespace hostav
