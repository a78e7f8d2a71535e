// SPDX-License-Identifier: GPL-2.0-only
#include "engine/message.h"

#include "base/socket.h"
#include "engine/verdict.h"

#include <array>
#include <sys/socket.h>
#include <sys/uio.h>
#include <vector>

namespace hostav {

namespace {

union Ancillary {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

/// Every descriptor that came with a message, owned: also those that fit only because the kernel
/// rounds the space up.
std::vector<Fd> take_descriptors(msghdr &message) {
    std::vector<Fd> descriptors;
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        const auto bytes = header->cmsg_len - CMSG_LEN(0);
        for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
    return descriptors;
}

} // namespace

static_assert(max_report_size < largest_message, "every report must fit one packet");

bool send_message(int socket, MessageKind kind, std::string_view body, int fd) {
    char type = static_cast<char>(kind);
    std::array<iovec, 2> parts{{{&type, 1}, {const_cast<char *>(body.data()), body.size()}}};
    return send_with_descriptor(socket, parts, fd) >= 0;
}

std::optional<Message> receive_message(int socket, bool wait, bool &would_block) {
    would_block = false;
    char type = 0;
    static thread_local std::string body(largest_message, '\0');
    std::array<iovec, 2> parts{{{&type, 1}, {body.data(), body.size()}}};
    Ancillary ancillary{};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    message.msg_control = ancillary.bytes.data();
    message.msg_controllen = ancillary.bytes.size();
    ssize_t got = 0;
    do
        got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        would_block = true;
    if (got <= 0)
        return std::nullopt;
    Message result;
    result.kind = static_cast<MessageKind>(type);
    auto descriptors = take_descriptors(message);
    if (descriptors.size() > 1)
        return std::nullopt; // nobody asked for these; they are closed
    if (!descriptors.empty())
        result.fd = std::move(descriptors.front());
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return std::nullopt;
    result.body = body.substr(0, static_cast<std::size_t>(got) - 1);
    return result;
}

Result<std::pair<Fd, Fd>> message_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return fail_errno("socketpair");
    return std::pair{Fd(ends[0]), Fd(ends[1])};
}

} // namespace hostav
