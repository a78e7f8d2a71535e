// SPDX-License-Identifier: GPL-2.0-only
//
// Followed files (follow/follower.h) for the loop.
#pragma once

#include "follow/follower.h"
#include "follow/goals.h"
#include "ship/feeder.h"

namespace hostav {

class FileFeeder : public Feeder {
  public:
    explicit FileFeeder(FollowerOptions options) : follower_(std::move(options)) {}
    [[nodiscard]] Follower &follower() { return follower_; }

    void add_descriptors(std::vector<pollfd> &to) const override;
    [[nodiscard]] Clock::time_point next_work() const override;
    Result<Changes> work(Clock::time_point now) override;
    [[nodiscard]] bool ended() const override { return looked_; }
    [[nodiscard]] bool has_enough(const Input &input) const override {
        return goals_.reached(input);
    }

  private:
    Follower follower_;
    Goals goals_; ///< what was there when a path was first looked at
    bool looked_ = false;
};

} // namespace hostav
