// SPDX-License-Identifier: GPL-2.0-only
#include "ship/queue.h"

namespace hostav {

namespace {

/// Enough for a full batch while another is on its way.
constexpr std::uint64_t most_in_memory = 3 << 20;
constexpr std::uint64_t around = 64; ///< of memory, for a short event

} // namespace

Input::Filled EventQueue::take_noted() {
    Filled filled;
    filled.replaced = counts_.replaced - taken_.replaced;
    filled.split = counts_.split - taken_.split;
    taken_ = counts_;
    return filled;
}

bool MemoryQueue::has_room() const {
    return bytes_ + items_.size() * around < most_in_memory;
}

Result<void> MemoryQueue::push(const Event &event) {
    bytes_ += event.message.size();
    items_.push_back({event.time, event.offset, Clock::now(), std::string(event.message)});
    return {};
}

std::uint64_t MemoryQueue::waiting() const {
    return bytes_ - filled_bytes_;
}

Input::Clock::time_point MemoryQueue::waiting_since() const {
    return filled_ < items_.size() ? items_[filled_].since : Clock::time_point::max();
}

Result<Input::Filled> MemoryQueue::fill(const TakeEvent &take, bool /*flush*/) {
    auto filled = take_noted();
    for (; filled_ < items_.size(); ++filled_) {
        const auto &item = items_[filled_];
        if (!take({item.time, item.message, item.offset})) {
            filled.refused = true;
            break;
        }
        filled_bytes_ += item.message.size();
        ++filled.events;
    }
    return filled;
}

void MemoryQueue::delivered() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(filled_));
    bytes_ -= std::exchange(filled_bytes_, 0);
    filled_ = 0;
}

} // namespace hostav
