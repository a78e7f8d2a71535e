// SPDX-License-Identifier: GPL-2.0-only
#include "base/socket.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int patience = 10000; // milliseconds

/// Waits until a connection stands, or says why it does not.
Result<void> await_connection(int fd, const std::string &what) {
    pollfd set{fd, POLLOUT, 0};
    if (::poll(&set, 1, patience) <= 0)
        return fail(what, "does not answer");
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return fail_errno(what, error);
    return {};
}

Result<Fd> connect_to(const sockaddr *address, socklen_t size, const std::string &what,
                      int type = SOCK_STREAM) {
    Fd fd(::socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return fail_errno(what);
    if (::connect(fd.get(), address, size) != 0) {
        if (errno != EINPROGRESS)
            return fail_errno(what);
        if (auto connected = await_connection(fd.get(), what); !connected)
            return std::unexpected(connected.error());
    }
    return fd;
}

Result<Fd> connect_inet(const std::string &name, const std::string &port, int type) {
    const auto host = name.empty() ? std::string("localhost") : name;
    const auto what = escape_path(host + ":" + port);
    addrinfo hints{};
    hints.ai_socktype = type;
    addrinfo *found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
        return fail(what, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> all(found, ::freeaddrinfo);
    Result<Fd> last = fail(what, "has no address");
    for (const auto *each = found; each != nullptr; each = each->ai_next) {
        last = connect_to(each->ai_addr, each->ai_addrlen, what, type);
        if (last)
            break;
    }
    return last;
}

} // namespace

Result<Fd> connect_unix(const std::string &path) {
    const auto what = escape_path(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(what, "is too long for a socket's path");
    std::memcpy(&address.sun_path, path.data(), path.size());
    return connect_to(reinterpret_cast<const sockaddr *>(&address), sizeof address, what);
}

Result<Fd> connect_tcp(const std::string &name, const std::string &port) {
    return connect_inet(name, port, SOCK_STREAM);
}

Result<Fd> connect_udp(const std::string &name, const std::string &port) {
    return connect_inet(name, port, SOCK_DGRAM);
}

ssize_t send_with_descriptor(int socket, std::span<iovec> parts, int fd) {
    union {
        cmsghdr header;
        std::array<char, CMSG_SPACE(sizeof(int))> bytes;
    } ancillary{};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    if (fd >= 0) {
        message.msg_control = ancillary.bytes.data();
        message.msg_controllen = ancillary.bytes.size();
        cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    ssize_t sent = 0;
    do
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

std::string read_answer(int fd, char end_mark, std::size_t size) {
    const auto end = Clock::now() + std::chrono::milliseconds(patience);
    std::string answer;
    while (answer.size() < size && answer.find(end_mark) == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        pollfd set{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&set, 1, static_cast<int>(left.count())) <= 0)
            break;
        std::array<char, 4096> piece{};
        const auto got = ::read(fd, piece.data(), std::min(piece.size(), size - answer.size()));
        if (got <= 0)
            break;
        answer.append(piece.data(), static_cast<std::size_t>(got));
    }
    return answer;
}

} // namespace hostav
