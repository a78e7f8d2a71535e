// SPDX-License-Identifier: GPL-2.0-only
#include "watch/connection.h"

#include "engine/engine_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <utility>

namespace hostav {

namespace {

/// Of a client, that have not been asked for yet. They count against our own limit.
constexpr std::size_t most_descriptors = 2;
constexpr std::size_t one_read = 65536;

std::string name_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    std::array<char, 64> host{};
    std::array<char, 16> port{};
    if (::getpeername(socket, reinterpret_cast<sockaddr *>(&address), &size) != 0 ||
        ::getnameinfo(reinterpret_cast<const sockaddr *>(&address), size, host.data(), host.size(),
                      port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return "unknown";
    return std::string(host.data()) + "@" + port.data();
}

/// To the first NUL, without the carriage return of a line end.
void cut(std::string &text) {
    text.resize(std::min(text.find('\0'), text.size()));
    if (text.ends_with('\r'))
        text.pop_back();
}

/// Every descriptor that came with a message; who does not take one closes it.
std::vector<Fd> take_rights(msghdr &message) {
    std::vector<Fd> fds;
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        for (std::size_t at = 0; at + sizeof(int) <= header->cmsg_len - CMSG_LEN(0);
             at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
            fds.emplace_back(fd);
        }
    }
    return fds;
}

union Ancillary {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int) * most_descriptors)> bytes;
};

} // namespace

Connection::Connection(std::uint64_t number, Fd fd, bool unix_socket)
    : id(number), local(unix_socket), socket(std::move(fd)), opened(Clock::now()), heard(opened),
      sent(opened) {
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    peer = local ? "local" : name_of(socket.get());
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (local && ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
        uid = credentials.uid;
        pid = credentials.pid;
    }
}

bool Connection::receive() {
    // What is not read makes the kernel reset the connection when it is closed.
    if (state == State::commands && in_.size() >= longest_command)
        return false;
    std::array<char, one_read> piece; // NOLINT(*-member-init): recvmsg(2) fills it
    iovec part{piece.data(),
               state == State::commands ? longest_command - in_.size() : piece.size()};
    Ancillary ancillary{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.bytes.data();
    message.msg_controllen = ancillary.bytes.size();
    const auto got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    auto fds = take_rights(message);
    if ((message.msg_flags & MSG_CTRUNC) != 0)
        return false;
    // Which of several would be meant nobody can tell: as clamd, none.
    if (fds.size() == 1 && descriptors_.size() < most_descriptors)
        descriptors_.push_back(std::move(fds.front()));
    ended = got == 0;
    heard = Clock::now();
    in_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

std::optional<Command> Connection::next_command() {
    if (in_.empty())
        return std::nullopt;
    const char framing = in_.front();
    if (framing != 'n' && framing != 'z') {
        // A bare command is whatever came in one piece.
        Command bare{0, std::exchange(in_, {})};
        bare.text.resize(std::min(bare.text.find('\n'), bare.text.size()));
        cut(bare.text);
        return bare;
    }
    const auto end = in_.find(framing == 'n' ? '\n' : '\0');
    if (end >= longest_command) // or not there
        return std::nullopt;
    Command command{framing, in_.substr(1, end - 1)};
    in_.erase(0, end + 1);
    if (framing == 'n')
        cut(command.text);
    return command;
}

bool Connection::too_long() const {
    return in_.size() > longest_command;
}

std::string Connection::take_bytes(std::size_t most) {
    auto bytes = in_.substr(0, most);
    in_.erase(0, bytes.size());
    return bytes;
}

Fd Connection::take_descriptor() {
    auto fd = std::move(descriptors_.front());
    descriptors_.pop_front();
    return fd;
}

void Connection::reply(std::uint64_t number, char framing, std::string_view text) {
    if (out_.empty())
        sent = Clock::now();
    if (number != 0)
        out_ += std::to_string(number) + ": ";
    out_ += text;
    out_ += framing == 'z' ? '\0' : '\n';
}

void Connection::say(std::string_view text) {
    reply(0, 'n', text);
}

bool Connection::flush() {
    while (!out_.empty()) {
        const auto put =
            ::send(socket.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0)
            return errno == EAGAIN || errno == EINTR;
        sent = Clock::now();
        out_.erase(0, static_cast<std::size_t>(put));
    }
    return true;
}

void Connection::abort() {
    constexpr linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    out_.clear();
    gone = true;
}

} // namespace hostav
