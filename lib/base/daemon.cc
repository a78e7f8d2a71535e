// SPDX-License-Identifier: GPL-2.0-only
#include "base/daemon.h"

#include "base/account.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/text.h"

#include <array>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace hostav {

Result<PidFile> PidFile::write(const std::string &path) {
    const auto slash = path.rfind('/');
    const auto directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent)
        return fail_errno(escape_path(path));
    constexpr mode_t readable = 0644;
    const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
    auto wrote = replace_file(parent.get(), name, std::to_string(::getpid()) + "\n", readable);
    if (!wrote)
        return std::unexpected(wrote.error());
    return PidFile(path);
}

PidFile::PidFile(PidFile &&other) noexcept : path_(std::exchange(other.path_, {})) {}

PidFile::~PidFile() {
    if (path_.empty())
        return;
    const AsRoot root; // who made it
    std::array<char, 32> text{};
    const Fd fd(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    const auto size = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    if (size > 0 && std::string_view(text.data(), static_cast<std::size_t>(size)) ==
                        std::to_string(::getpid()) + "\n")
        ::unlink(path_.c_str());
}

Result<void> go_to_background() {
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno("fork");
    if (pid > 0)
        ::_exit(0);
    if (::setsid() < 0)
        return fail_errno("setsid");
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null)
        return fail_errno("/dev/null");
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::dup2(null.get(), standard) < 0)
            return fail_errno("/dev/null");
    return {};
}

} // namespace hostav
