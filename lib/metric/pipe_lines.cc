// SPDX-License-Identifier: GPL-2.0-only
#include "metric/pipe_lines.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <unistd.h>

namespace hostav {

void Tee::add(std::string_view bytes) {
    if (open_)
        bytes_.assign(bytes);
    written_ = 0;
}

Result<void> Tee::write() {
    while (pending()) {
        pollfd ready{STDOUT_FILENO, POLLOUT, 0};
        if (::poll(&ready, 1, 0) <= 0)
            return {};
        // A pipe that is ready takes so much without blocking; more it may not.
        const auto size = std::min<std::size_t>(bytes_.size() - written_, PIPE_BUF);
        const auto wrote = ::write(STDOUT_FILENO, bytes_.data() + written_, size);
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
            return {};
        if (wrote < 0)
            return close(errno);
        written_ += static_cast<std::size_t>(wrote);
    }
    return {};
}

Result<void> Tee::close(int error) {
    open_ = false;
    bytes_.clear();
    written_ = 0;
    return error == EPIPE ? Result<void>{} : fail_errno("stdout", error);
}

PipeLines::PipeLines(bool tee, Messages &messages)
    : messages_(messages), input_(STDIN_FILENO), tee_(tee) {}

std::vector<pollfd> PipeLines::descriptors() const {
    return {{ended_ || tee_.pending() ? -1 : STDIN_FILENO, POLLIN, 0},
            {tee_.pending() ? STDOUT_FILENO : -1, POLLOUT, 0}};
}

void PipeLines::work(std::span<const pollfd> ready, Counter &counter, std::time_t now) {
    if (const auto written = tee_.write(); !written) {
        messages_.error(written.error().text());
        write_failed_ = true;
    }
    if (!ended_ && !ready.empty() && ready.front().revents != 0 && !tee_.pending())
        read(counter, now);
}

void PipeLines::read(Counter &counter, std::time_t now) {
    const auto got = input_.read();
    if (!got) {
        messages_.error(got.error().text());
        read_failed_ = true;
        return stop(counter, now);
    }
    tee_.add(got->bytes);
    counter.count(got->lines, now);
    ended_ = got->ended;
}

void PipeLines::stop(Counter &counter, std::time_t now) {
    if (!ended_)
        counter.count(input_.end(), now);
    ended_ = true;
}

} // namespace hostav
