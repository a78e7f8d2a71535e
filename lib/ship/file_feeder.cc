// SPDX-License-Identifier: GPL-2.0-only
#include "ship/file_feeder.h"

namespace hostav {

void FileFeeder::add_descriptors(std::vector<pollfd> &to) const {
    if (follower_.fd() >= 0)
        to.push_back({follower_.fd(), POLLIN, 0});
}

Feeder::Clock::time_point FileFeeder::next_work() const {
    return looked_ ? follower_.next_work() : Clock::time_point::min();
}

Result<Feeder::Changes> FileFeeder::work(Clock::time_point now) {
    looked_ = true;
    auto changes = follower_.work(now);
    for (const auto *input : changes.appeared)
        goals_.note(*input);
    for (const auto *input : changes.gone)
        goals_.forget(*input);
    return Changes{std::move(changes.appeared), std::move(changes.gone), std::move(changes.moved)};
}

} // namespace hostav
