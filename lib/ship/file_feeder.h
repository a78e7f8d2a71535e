// SPDX-License-Identifier: GPL-2.0-only
//
// Followed files (follow/follower.h) for the loop.
#pragma once

#include "follow/follower.h"
#include "ship/feeder.h"

#include <unordered_map>

namespace hostav {

class FileFeeder : public Feeder {
  public:
    explicit FileFeeder(FollowerOptions options) : follower_(std::move(options)) {}
    [[nodiscard]] Follower &follower() { return follower_; }

    void add_descriptors(std::vector<pollfd> &to) const override;
    [[nodiscard]] Clock::time_point next_work() const override;
    Result<Changes> work(Clock::time_point now) override;
    [[nodiscard]] bool ended() const override { return looked_; }
    [[nodiscard]] bool has_enough(const Input &input) const override;

  private:
    /// The file that a path named when it was first looked at.
    struct Goal {
        std::uint64_t device = 0, inode = 0, size = 0;
        bool was_past = false; ///< it was in the record as one of those before
    };
    Follower follower_;
    std::unordered_map<const Input *, Goal> goals_;
    bool looked_ = false;
    void note_goal(const Input &input);
};

} // namespace hostav
