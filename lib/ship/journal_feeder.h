// SPDX-License-Identifier: GPL-2.0-only
//
// The journal for the loop: read where it is, or copied into a spool first, so that what journald
// removes meanwhile is not lost.
#pragma once

#include "base/backoff.h"
#include "follow/journal.h"
#include "ship/feeder.h"
#include "ship/queue.h"
#include "store/durable_map.h"

#include <functional>
#include <memory>
#include <string>

namespace hostav {

class JournalFeeder : public Feeder {
  public:
    explicit JournalFeeder(std::unique_ptr<JournalInput> journal);
    using Complain = std::function<void(const Error &)>;
    /// Through `spool`; how far it was copied is kept in `state` under `key`. Both outlive it. What
    /// fails is told to `complain` and tried again, more and more seldom.
    JournalFeeder(std::unique_ptr<JournalInput> journal, EventQueue &spool, DurableMap &state,
                  std::string key, Complain complain);

    void add_descriptors(std::vector<pollfd> &to) const override;
    [[nodiscard]] Clock::time_point next_work() const override;
    Result<Changes> work(Clock::time_point now) override;
    [[nodiscard]] bool ended() const override;
    void stop() override { stopped_ = true; }
    std::uint64_t conclude() override;

  private:
    std::unique_ptr<JournalInput> journal_;
    EventQueue *spool_ = nullptr;
    DurableMap *state_ = nullptr;
    std::string key_;
    bool announced_ = false;
    bool stopped_ = false;
    bool uncommitted_ = false; ///< what was copied is not written down as such
    Complain complain_;
    Backoff backoff_;
    Clock::time_point retry_at_ = Clock::time_point::min(); ///< after a failure
    [[nodiscard]] bool wants_copy() const;
    Result<void> copy();
    Result<void> settle();
};

} // namespace hostav
