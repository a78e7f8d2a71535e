// SPDX-License-Identifier: GPL-2.0-only
#include "base/child.h"

#include "base/account.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;

/// What somebody else still writes into the pipe once the child has ended is not waited for longer.
constexpr int grandchild_grace = 200; // milliseconds

[[noreturn]] void run(const ChildOptions &options, const std::function<int()> &body, pid_t parent,
                      const std::array<int, 2> &pipe) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);
    if (options.own_group)
        ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ})
        ::signal(signal, SIG_DFL);
    if (options.capture_output) {
        ::dup2(pipe[1], STDOUT_FILENO);
        ::dup2(pipe[1], STDERR_FILENO);
        ::close(pipe[0]);
        ::close(pipe[1]);
    }
    const int status = body();
    std::fflush(nullptr);
    ::_exit(status);
}

} // namespace

void begin_child(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);
    ::setsid();
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2})
        ::signal(signal, SIG_IGN);
    ::signal(SIGCHLD, SIG_DFL);
}

Child::Child(ChildOptions options, pid_t pid, Fd output)
    : options_(std::move(options)), pid_(pid), output_(std::move(output)) {}

Child::Child(Child &&other) noexcept
    : options_(std::move(other.options_)), pid_(std::exchange(other.pid_, 0)),
      output_(std::move(other.output_)) {}

Child::~Child() {
    kill_and_reap();
}

void Child::kill_and_reap() {
    if (pid_ == 0)
        return;
    {
        const AsRoot root; // it may have become somebody else
        ::kill(options_.own_group ? -pid_ : pid_, SIGKILL);
        ::kill(pid_, SIGKILL);
    }
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
}

Result<Child> Child::start(const ChildOptions &options, const std::function<int()> &body) {
    std::array<int, 2> pipe{-1, -1};
    if (options.capture_output && ::pipe2(pipe.data(), O_CLOEXEC) != 0)
        return fail_errno("pipe");
    Fd reading(pipe[0]);
    const Fd writing(pipe[1]);
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno("fork");
    if (pid == 0)
        run(options, body, parent, pipe);
    if (options.own_group)
        ::setpgid(pid, pid); // here as well: it is to be so before anybody kills it
    return Child(options, pid, std::move(reading));
}

Result<int> Child::wait(std::chrono::milliseconds limit, Signals *signals, const Output &output) {
    const auto end = Clock::now() + limit;
    const auto read_once = [&] {
        std::array<char, 4096> piece{};
        const auto size = ::read(output_.get(), piece.data(), piece.size());
        if (size > 0 && output)
            output({piece.data(), static_cast<std::size_t>(size)});
        else if (size == 0)
            output_.reset();
        return size > 0;
    };
    while (true) {
        int status = 0;
        const auto ended = ::waitpid(pid_, &status, WNOHANG);
        if (ended == pid_) {
            pid_ = 0;
            pollfd left{output_.get(), POLLIN, 0};
            while (output_ && ::poll(&left, 1, grandchild_grace) > 0 && read_once()) {
            }
            if (WIFSIGNALED(status))
                return fail(options_.name,
                            std::string("was killed: ") +
                                ::strsignal(WTERMSIG(status))); // NOLINT(concurrency-mt-unsafe)
            return WEXITSTATUS(status);
        }
        if (signals != nullptr && signals->pending() != 0) {
            kill_and_reap();
            return fail(options_.name, "interrupted");
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) {
            kill_and_reap();
            return fail(options_.name,
                        "took more than " +
                            std::to_string(
                                std::chrono::duration_cast<std::chrono::seconds>(limit).count()) +
                            " s");
        }
        // Its end shows as the end of its output; without output somebody has to look again.
        constexpr std::int64_t look_again = 20;
        constexpr std::int64_t longest = 1000;
        std::array<pollfd, 2> set{
            {{output_.get(), POLLIN, 0}, {signals != nullptr ? signals->fd() : -1, POLLIN, 0}}};
        const auto pause = std::min<std::int64_t>(left.count() + 1, output_ ? longest : look_again);
        if (::poll(set.data(), set.size(), static_cast<int>(pause)) > 0 && set[0].revents != 0)
            read_once();
    }
}

} // namespace hostav
