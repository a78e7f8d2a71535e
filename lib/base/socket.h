// SPDX-License-Identifier: GPL-2.0-only
//
// The client's side of a local service: connecting and reading a short answer, every wait with an
// end (10 seconds).
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstddef>
#include <span>
#include <string>
#include <sys/uio.h>

namespace hostav {

/// A stream socket, close-on-exec, not blocking. Errors name the path.
[[nodiscard]] Result<Fd> connect_unix(const std::string &path);
/// `name` empty: localhost. Errors name the address.
[[nodiscard]] Result<Fd> connect_tcp(const std::string &name, const std::string &port);
/// A datagram socket for that place only: what is not taken there fails a later send(2).
[[nodiscard]] Result<Fd> connect_udp(const std::string &name, const std::string &port);

/// sendmsg(2) without SIGPIPE, retried after EINTR; `fd` >= 0 goes with it (SCM_RIGHTS). The bytes
/// that were sent, or -1 and errno.
ssize_t send_with_descriptor(int socket, std::span<iovec> parts, int fd);

/// At most `size` bytes of an answer, until it has `end_mark` or the other side closes.
[[nodiscard]] std::string read_answer(int fd, char end_mark, std::size_t size);

} // namespace hostav
