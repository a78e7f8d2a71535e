// SPDX-License-Identifier: GPL-2.0-only
//
// What the parent and a worker say to each other: one SOCK_SEQPACKET packet a message, a job with
// its file descriptor one way, libclamav's messages and one report a job the other way. Nothing
// that a worker sends is trusted.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

enum class MessageKind : char {
    // A worker and its parent.
    job = 'J',
    job_all = 'Z', ///< every match is wanted
    ready = 'A',
    report = 'R',
    log = 'L',
    failed = 'F',
    // An engine server and its clients (engine/engine_server.h).
    start = 'S',
    end = 'E',
    client = 'C',
    // The processes of onaccess-watch among themselves (watch/wire.h).
    control = 'W',
};

/// Largest packet: below the socket buffer the kernel gives by default (212,992 bytes, doubled
/// for its own bookkeeping).
inline constexpr std::size_t largest_message = 200 * 1024;

struct Message {
    MessageKind kind = MessageKind::ready;
    std::string body;
    Fd fd; ///< a job's file
};

/// Sends one packet; `fd` < 0: none. False when the other side is gone.
[[nodiscard]] bool send_message(int socket, MessageKind kind, std::string_view body, int fd = -1);
/// Receives one packet. Nothing when the other side is gone or sent nonsense; with `wait` false
/// also when there is none yet, and then `would_block` is set.
[[nodiscard]] std::optional<Message> receive_message(int socket, bool wait, bool &would_block);

/// Two connected ends, close-on-exec.
[[nodiscard]] Result<std::pair<Fd, Fd>> message_pair();

} // namespace hostav
