// SPDX-License-Identifier: GPL-2.0-only
//
// The journal for the loop: read where it is, or copied into a spool first, so that what journald
// removes meanwhile is not lost.
#pragma once

#include "follow/journal.h"
#include "ship/feeder.h"
#include "ship/queue.h"
#include "store/durable_map.h"

#include <memory>
#include <string>

namespace hostav {

class JournalFeeder : public Feeder {
  public:
    explicit JournalFeeder(std::unique_ptr<JournalInput> journal);
    /// Through `spool`; how far it was copied is kept in `state` under `key`. Both outlive it.
    JournalFeeder(std::unique_ptr<JournalInput> journal, EventQueue &spool, DurableMap &state,
                  std::string key);

    void add_descriptors(std::vector<pollfd> &to) const override;
    [[nodiscard]] Clock::time_point next_work() const override;
    Result<Changes> work(Clock::time_point now) override;
    [[nodiscard]] bool ended() const override;
    void stop() override { stopped_ = true; }

  private:
    std::unique_ptr<JournalInput> journal_;
    EventQueue *spool_ = nullptr;
    DurableMap *state_ = nullptr;
    std::string key_;
    bool announced_ = false;
    bool stopped_ = false;
    Result<void> copy();
};

} // namespace hostav
