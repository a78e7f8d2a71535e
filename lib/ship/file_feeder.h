// SPDX-License-Identifier: GPL-2.0-only
//
// Followed files (follow/follower.h) for the loop.
#pragma once

#include "follow/follower.h"
#include "ship/feeder.h"

namespace hostav {

class FileFeeder : public Feeder {
  public:
    explicit FileFeeder(FollowerOptions options) : follower_(std::move(options)) {}
    [[nodiscard]] Follower &follower() { return follower_; }

    void add_descriptors(std::vector<pollfd> &to) const override {
        if (follower_.fd() >= 0)
            to.push_back({follower_.fd(), POLLIN, 0});
    }
    [[nodiscard]] Clock::time_point next_work() const override {
        return looked_ ? follower_.next_work() : Clock::time_point::min();
    }
    Result<Changes> work(Clock::time_point now) override {
        looked_ = true;
        auto changes = follower_.work(now);
        return Changes{std::move(changes.appeared), std::move(changes.gone),
                       std::move(changes.moved)};
    }
    [[nodiscard]] bool ended() const override { return looked_; }

  private:
    Follower follower_;
    bool looked_ = false;
};

} // namespace hostav
