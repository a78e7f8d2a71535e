// SPDX-License-Identifier: GPL-2.0-only
//
// Files that grow, line by line (follow/follower.h). How far each was read is saved together with
// what was counted, so that after a crash each line counts once.
#pragma once

#include "base/complaints.h"
#include "follow/follower.h"
#include "follow/goals.h"
#include "metric/line_source.h"

#include <map>
#include <memory>
#include <string>

namespace hostav {

struct FollowedOptions {
    std::vector<std::string> files; ///< paths, with wildcards
    bool all = false;               ///< every match; else the newest
    bool from_end = true;           ///< files that are there when they are first followed
    bool once = false;              ///< to their present ends
};

class FollowedLines : public LineSource {
  public:
    /// `spool`: what was saved. `complaints` must outlive it.
    static Result<std::unique_ptr<FollowedLines>> create(const FollowedOptions &options,
                                                         DataSpool &spool, Complaints &complaints);
    [[nodiscard]] std::vector<pollfd> descriptors() const override;
    [[nodiscard]] Clock::time_point next_work() const override;
    void work(std::span<const pollfd> ready, Counter &counter, std::time_t now) override;
    void stop(Counter &counter, std::time_t now) override;
    [[nodiscard]] bool ended() const override { return ended_; }
    [[nodiscard]] bool idle() const override { return true; }
    [[nodiscard]] bool moved() const override { return !changes_.empty(); }
    void save(DataSpool &to) override;
    /// --once: a file is missing, or could not be read.
    [[nodiscard]] bool read_failed() const override { return options_.once && complained_; }

  private:
    struct File {
        Clock::time_point not_before = Clock::time_point::min();
        bool more = false; ///< its last fill did not take all
    };
    FollowedLines(FollowedOptions options, Complaints &complaints);
    FollowedOptions options_;
    Complaints &complaints_;
    EventFormat format_;
    Follower follower_;
    Goals goals_;
    std::map<Input *, File> files_;
    std::map<std::string, std::optional<std::string>> changes_; ///< of records
    std::string lines_;
    Clock::time_point last_progress_ = Clock::time_point::max();
    bool ended_ = false, complained_ = false;

    [[nodiscard]] FollowerOptions follower_options();
    Result<void> add(const std::string &file, DataSpool &spool);
    void take_changes(const Follower::Changes &changes);
    void fill(Input &input, File &file, Counter &counter, std::time_t now);
    [[nodiscard]] bool has_end(Clock::time_point now) const;
};

} // namespace hostav
