// SPDX-License-Identifier: GPL-2.0-only
//
// Standard input (any descriptor that is read once) into a queue. When the queue is full it is not
// read: whoever writes waits.
#pragma once

#include "follow/event_reader.h"
#include "ship/feeder.h"
#include "ship/queue.h"

#include <functional>
#include <memory>

namespace hostav {

class StdinFeeder : public Feeder {
  public:
    using Complain = std::function<void(const Error &)>;
    /// `format` and `queue` must outlive it; `fd` is the caller's. `complain`: of what cannot be
    /// read or kept; it may repeat itself.
    static Result<std::unique_ptr<StdinFeeder>> create(int fd, const EventFormat &format,
                                                       EventQueue &queue, Complain complain = {});
    void add_descriptors(std::vector<pollfd> &to) const override;
    [[nodiscard]] Clock::time_point next_work() const override;
    Result<Changes> work(Clock::time_point now) override;
    [[nodiscard]] bool ended() const override { return queue_.closed(); }
    void stop() override;
    std::uint64_t conclude() override;
    /// Reading has ended by a failure: there may have been more.
    [[nodiscard]] bool failed() const { return failed_; }

  private:
    StdinFeeder(int fd, EventQueue &queue, std::unique_ptr<EventReader> reader, Complain complain);
    int fd_;
    EventQueue &queue_;
    std::unique_ptr<EventReader> reader_;
    bool announced_ = false;
    bool failed_ = false;
    Complain complain_;
    Clock::time_point last_read_;
    Clock::time_point next_sync_ = Clock::time_point::max();
    Result<void> read();
    void sync(Clock::time_point now);
    void complain(const Error &error) const;
    Result<void> end(EventReader::End how);
    TakeEvent taker(Result<void> &pushed);
};

} // namespace hostav
