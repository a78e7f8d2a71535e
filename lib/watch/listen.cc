// SPDX-License-Identifier: GPL-2.0-only
#include "watch/listen.h"

#include "base/service_manager.h"
#include "base/socket.h"
#include "base/text.h"

#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr mode_t only_us = 0600;

/// A socket that nobody listens to any more is removed; one that answers is somebody's.
Result<void> make_way(const WatchConfig &config, const std::string &path) {
    struct stat st = {};
    if (::lstat(path.c_str(), &st) != 0)
        return {};
    if (!S_ISSOCK(st.st_mode))
        return fail(escape_path(path), "is there already and is no socket");
    if (connect_unix(path))
        return fail(escape_path(path), "another daemon answers there");
    if (!config.fix_stale_socket)
        return fail(escape_path(path), "is there already (FixStaleSocket no)");
    if (::unlink(path.c_str()) != 0)
        return fail_errno(escape_path(path));
    return {};
}

Result<void> give(const WatchConfig &config, const std::string &path, const Account *owner) {
    const auto shown = escape_path(path);
    const auto mode = config.socket_mode();
    if (!mode)
        return std::unexpected(mode.error());
    auto group = static_cast<gid_t>(-1);
    if (config.local_socket_group) {
        const auto *const found = ::getgrnam( // NOLINT(concurrency-mt-unsafe)
            config.local_socket_group->c_str());
        if (found != nullptr)
            group = found->gr_gid;
        else
            owner = nullptr;
    }
    if (owner == nullptr)
        return ::chmod(path.c_str(), only_us) == 0 ? Result<void>() : fail_errno(shown);
    if (::geteuid() == 0 || group != static_cast<gid_t>(-1))
        if (::lchown(path.c_str(), owner->uid,
                     group == static_cast<gid_t>(-1) ? owner->gid : group) != 0)
            return fail_errno(shown);
    if (::chmod(path.c_str(), *mode) != 0)
        return fail_errno(shown);
    return {};
}

Result<Fd> bind_unix(const WatchConfig &config, const Account *owner) {
    const auto &path = *config.local_socket;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(escape_path(path), "is too long for a socket's path");
    std::memcpy(&address.sun_path, path.data(), path.size());
    if (auto free = make_way(config, path); !free)
        return std::unexpected(free.error());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto usual = ::umask(0177); // nobody gets in before its mode is set
    const bool bound =
        fd && ::bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    ::umask(usual);
    if (!bound)
        return fail_errno(escape_path(path));
    if (auto given = give(config, path, owner); !given) {
        ::unlink(path.c_str());
        return std::unexpected(given.error());
    }
    return fd;
}

Result<void> bind_tcp(const std::string &host, std::uint64_t port, std::vector<Fd> &to) {
    const auto what = escape_path(host) + " port " + std::to_string(port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo *found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        error != 0)
        return fail(what, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> all(found, ::freeaddrinfo);
    for (const auto *each = found; each != nullptr; each = each->ai_next) {
        Fd fd(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        const int on = 1;
        if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            (each->ai_family == AF_INET6 &&
             ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
            ::bind(fd.get(), each->ai_addr, each->ai_addrlen) != 0)
            return fail_errno(what);
        to.push_back(std::move(fd));
    }
    return {};
}

} // namespace

Result<Listeners> Listeners::bind(const WatchConfig &config, const Account *owner,
                                  const std::function<void(const std::string &)> &log) {
    Listeners listeners;
    const auto handed = handed_over_sockets();
    log("Received " + std::to_string(handed.size()) + " file descriptor(s) from systemd.");
    if (!handed.empty()) {
        for (const int fd : handed) {
            ::fcntl(fd, F_SETFL, O_NONBLOCK);
            listeners.sockets_.emplace_back(fd);
        }
        return listeners;
    }
    if (config.local_socket) {
        auto fd = bind_unix(config, owner);
        if (!fd)
            return std::unexpected(fd.error());
        listeners.sockets_.push_back(std::move(*fd));
        listeners.path_ = *config.local_socket;
        listeners.maker_ = ::getpid();
        log("LOCAL: Unix socket file " + escape_path(*config.local_socket));
    }
    if (config.tcp_socket) {
        const bool loopback = config.tcp_addr.empty();
        const auto hosts =
            loopback ? std::vector<std::string>{"127.0.0.1", "::1"} : config.tcp_addr;
        for (const auto &host : hosts) {
            const auto bound = bind_tcp(host, *config.tcp_socket, listeners.sockets_);
            if (bound)
                log("TCP: Bound to [" + escape_path(host) +
                    "]:" + std::to_string(*config.tcp_socket));
            else if (!loopback || host != "::1") // there may be no IPv6
                return std::unexpected(bound.error());
        }
    }
    return listeners;
}

Listeners::~Listeners() {
    remove();
}

bool Listeners::remove() {
    const auto path = std::exchange(path_, {});
    return !path.empty() && maker_ == ::getpid() && ::unlink(path.c_str()) == 0;
}

Result<void> Listeners::listen(int backlog) {
    for (const auto &socket : sockets_)
        if (::listen(socket.get(), backlog) != 0)
            return fail_errno("listen");
    return {};
}

std::vector<int> Listeners::fds() const {
    std::vector<int> fds;
    fds.reserve(sockets_.size());
    for (const auto &socket : sockets_)
        fds.push_back(socket.get());
    return fds;
}

} // namespace hostav
