// SPDX-License-Identifier: GPL-2.0-only
#include "ship/batch.h"

#include <algorithm>

namespace hostav {

void Batch::begin(const BatchLimits &limits, EventTime now) {
    limits_ = limits;
    now_ = now;
    bytes_ = reject_bytes_ = 0;
    sorted_ = true;
    text_.clear();
    items_.clear();
    rejects_.clear();
}

const char *Batch::refusal(const Event &event) const {
    if (limits_.oldest != 0 && event.time < now_ - limits_.oldest)
        return "older than the service takes (14 days, or the retention)";
    if (limits_.newest != 0 && event.time > now_ + limits_.newest)
        return "more than 2 hours in the future";
    return nullptr;
}

bool Batch::add(const Event &event) {
    if (const char *why = refusal(event); why != nullptr) {
        // Rejects are bounded as events are, in bytes and number: a log of years, of short lines
        // too, must not be held in memory.
        const auto size = event.message.size() + limits_.overhead;
        if (!empty() && (reject_bytes_ + size > limits_.bytes || rejects_.size() >= limits_.events))
            return false;
        reject_bytes_ += size;
        rejects_.push_back({event.time, event.offset, std::string(event.message), why});
        return true;
    }
    const auto size = event.message.size() + limits_.overhead;
    const bool none = items_.empty();
    const auto first = none ? event.time : std::min(first_, event.time);
    const auto last = none ? event.time : std::max(last_, event.time);
    if (!none && (bytes_ + size > limits_.bytes || items_.size() >= limits_.events ||
                  last - first >= limits_.span))
        return false;
    sorted_ = sorted_ && (none || items_.back().time <= event.time);
    first_ = first;
    last_ = last;
    bytes_ += size;
    items_.push_back({event.time, static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(event.message.size()), event.offset});
    text_.append(event.message);
    return true;
}

void Batch::sort() {
    if (!sorted_)
        std::ranges::stable_sort(items_, {}, &Item::time);
    sorted_ = true;
}

} // namespace hostav
