// SPDX-License-Identifier: GPL-2.0-only
#include "base/backoff.h"

#include <algorithm>

namespace hostav {

Backoff::Backoff(Time first, Time longest)
    : first_(first), longest_(longest), random_(std::random_device{}()) {}

Backoff::Time Backoff::failed(Time least) {
    constexpr unsigned most_doublings = 20;
    const auto most = std::min(longest_, first_ * (1U << std::min(failures_, most_doublings)));
    ++failures_;
    std::uniform_int_distribution<Time::rep> any(0, most.count());
    return std::max(least, Time(any(random_)));
}

} // namespace hostav
