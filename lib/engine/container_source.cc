// SPDX-License-Identifier: GPL-2.0-only
//
// See container_source.h.
#include "engine/container_source.h"

#include <algorithm>
#include <utility>

namespace hostav {

namespace {

/// At the 32768:1 that zstd reaches, 16 KiB is half a gigabyte between two questions.
constexpr std::size_t read_size = 16 * 1024;

} // namespace

ContainerSource::ContainerSource(int fd, const ContainerPlace &place, std::function<bool()> go_on)
    : fd_(fd), begin_(place.begin), end_(place.end), position_(place.begin),
      go_on_(std::move(go_on)), buffer_(read_size) {
    if (place.kind == ContainerKind::lzo)
        lzop_.emplace(fd, place.end);
}

bool ContainerSource::go_on() {
    if (!stopped_ && go_on_)
        stopped_ = !go_on_();
    return !stopped_;
}

ssize_t ContainerSource::read(const void **block) {
    if (!go_on()) {
        why_ = "stopped";
        return -1;
    }
    if (lzop_) {
        const auto size = lzop_->next_block(block);
        why_ = lzop_->why();
        return size;
    }
    *block = buffer_.data();
    const auto left = end_ - std::min(position_, end_);
    const auto got =
        read_at(fd_, buffer_.data(), std::min<std::uint64_t>(read_size, left), position_);
    if (got < 0)
        why_ = "cannot be read";
    else
        position_ += static_cast<std::uint64_t>(got);
    return got;
}

std::int64_t ContainerSource::skip(std::int64_t request) {
    const auto left = end_ - std::min(position_, end_);
    const auto step =
        std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(request, 0)), left);
    position_ += step;
    return static_cast<std::int64_t>(step);
}

std::int64_t ContainerSource::seek(std::int64_t offset, int whence) {
    const auto size = static_cast<std::int64_t>(end_ - begin_);
    std::int64_t base = 0;
    if (whence == SEEK_CUR)
        base = static_cast<std::int64_t>(position_ - begin_);
    else if (whence == SEEK_END)
        base = size;
    std::int64_t target = 0;
    if (__builtin_add_overflow(base, offset, &target) || target < 0)
        return -1;
    target = std::min(target, size);
    position_ = begin_ + static_cast<std::uint64_t>(target);
    return target;
}

} // namespace hostav
