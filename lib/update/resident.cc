// SPDX-License-Identifier: GPL-2.0-only
#include "update/resident.h"

#include "base/account.h"
#include "base/files.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;

/// Waits for the time, a waking signal or an ending one; the latter gives false.
bool wait(Signals &signals, std::chrono::seconds how_long) {
    const auto end = Clock::now() + how_long;
    while (signals.pending() == 0) {
        if (const int woken = signals.take_waking(); woken == SIGALRM || woken == SIGUSR1)
            return true;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0)
            return true;
        constexpr std::int64_t longest = 3600000;
        pollfd set{signals.fd(), POLLIN, 0};
        if (::poll(&set, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, longest))) <
                0 &&
            errno != EINTR)
            return false;
    }
    return false;
}

double random_part() {
    std::random_device device;
    return std::uniform_real_distribution<double>(0, 1)(device);
}

} // namespace

std::chrono::seconds interval(const ResidentOptions &options) {
    constexpr std::uint64_t day = 86400;
    return std::chrono::seconds(day / std::max<std::uint64_t>(options.checks, 1));
}

std::chrono::seconds first_wait(const ResidentOptions &options, double random) {
    const auto between = interval(options);
    if (options.since_last_check >= between)
        return std::chrono::seconds(0);
    return std::chrono::seconds(
        static_cast<std::int64_t>(random * static_cast<double>(between.count())));
}

void stay(Session &session, const ResidentOptions &options, const std::function<bool()> &check) {
    auto next = first_wait(options, random_part());
    while (true) {
        if (next.count() > 0)
            session.messages.verbose("Next check in " + std::to_string(next.count()) + " s.");
        if (!wait(session.signals, next) || !check())
            return;
        next = interval(options);
    }
}

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
