// SPDX-License-Identifier: GPL-2.0-only
#include "metric/line_input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

constexpr std::size_t read_size = std::size_t{256} * 1024; // so that waiting costs little of it

} // namespace

LineInput::LineInput(int fd) : fd_(fd), buffer_(2 * read_size) {}

Result<LineInput::Read> LineInput::read() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(taken_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(have_), buffer_.begin());
    have_ -= std::exchange(taken_, 0);
    if (buffer_.size() - have_ < read_size)
        buffer_.resize(have_ + read_size);
    const auto got = ::read(fd_, buffer_.data() + have_, read_size);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return Read{};
    if (got < 0)
        return fail_errno("stdin");
    Read result;
    if (got == 0) {
        result.lines = end();
        result.ended = true;
        return result;
    }
    result.bytes = {buffer_.data() + have_, static_cast<std::size_t>(got)};
    have_ += static_cast<std::size_t>(got);
    const void *const last = ::memrchr(buffer_.data(), '\n', have_);
    if (last != nullptr)
        taken_ = static_cast<std::size_t>(static_cast<const char *>(last) - buffer_.data()) + 1;
    else if (have_ >= longest_line)
        taken_ = have_;
    result.lines = {buffer_.data(), taken_};
    return result;
}

std::string_view LineInput::end() {
    const auto from = std::exchange(taken_, have_);
    return {buffer_.data() + from, have_ - from};
}

} // namespace hostav
