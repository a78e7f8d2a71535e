// SPDX-License-Identifier: GPL-2.0-only
#include "scan/output.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace hostav {

Printer::Sink sink_to(int fd, Signals &signals) {
    return [fd, &signals](std::string_view bytes) {
        while (!bytes.empty()) {
            if (!signals.wait(fd, POLLOUT))
                return false;
            const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
            if (wrote < 0 && errno != EINTR && errno != EAGAIN)
                return false;
            bytes.remove_prefix(wrote < 0 ? 0 : static_cast<std::size_t>(wrote));
        }
        return true;
    };
}

} // namespace hostav
