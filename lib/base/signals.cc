// SPDX-License-Identifier: GPL-2.0-only
#include "base/signals.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <poll.h>
#include <sys/signalfd.h>
#include <utility>

namespace hostav {

namespace {

/// How long the last lines may take to get out once a signal has come.
constexpr int grace_milliseconds = 200;

} // namespace

Result<Signals> Signals::watch(std::vector<int> waking) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        // What the caller ignores stays ignored: nohup, and & in a script.
        struct sigaction old = {};
        if (::sigaction(signal, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaddset(&set, signal);
    }
    for (const int signal : waking)
        sigaddset(&set, signal);
    Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd)
        return fail_errno("signalfd");
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
        return fail_errno("sigprocmask");
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    return Signals(std::move(fd), std::move(waking));
}

int Signals::pending() {
    signalfd_siginfo info{};
    while (pending_ == 0 && ::read(fd_.get(), &info, sizeof info) == sizeof info) {
        const auto signal = static_cast<int>(info.ssi_signo);
        if (std::ranges::find(waking_, signal) == waking_.end())
            pending_ = signal;
        else
            woken_.insert(signal);
    }
    return pending_;
}

int Signals::take_waking() {
    static_cast<void>(pending());
    return woken_.empty() ? 0 : woken_.extract(woken_.begin()).value();
}

bool Signals::wait(int fd, short events) {
    std::array<pollfd, 2> set{{{fd, events, 0}, {fd_.get(), POLLIN, 0}}};
    while (pending() == 0) {
        if (::poll(set.data(), set.size(), -1) < 0 && errno != EINTR)
            return true; // let the read or write say what is wrong
        if (set[0].revents != 0)
            return true;
    }
    return ::poll(set.data(), 1, grace_milliseconds) > 0;
}

void die_by(int signal) {
    ::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    ::raise(signal);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    constexpr int by_signal = 128;
    ::_exit(by_signal + signal);
}

} // namespace hostav
