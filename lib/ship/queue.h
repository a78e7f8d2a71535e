// SPDX-License-Identifier: GPL-2.0-only
//
// Events that cannot be read a second time where they come from (a pipe): kept until they are
// delivered, in memory or on disk (ship/spool.h).
#pragma once

#include "follow/input.h"

#include <deque>
#include <string>

namespace hostav {

class EventQueue : public Input {
  public:
    /// Whether another event should be pushed now; else its owner stops reading, and whoever
    /// writes waits.
    [[nodiscard]] virtual bool has_room() const = 0;
    virtual Result<void> push(const Event &event) = 0;
    /// What has been pushed is as safe as it gets.
    virtual Result<void> sync() { return {}; }
    /// Bytes of messages that are in this process's memory only.
    [[nodiscard]] virtual std::uint64_t unkept() const = 0;
    /// Nothing will be pushed any more.
    void close() { closed_ = true; }
    [[nodiscard]] bool closed() const { return closed_; }
    /// What reading the events took so far, for the fill() to come.
    void note(const Filled &counts) { counts_ = counts; }

  protected:
    /// What was noted since the last time.
    [[nodiscard]] Filled take_noted();

  private:
    bool closed_ = false;
    Filled counts_, taken_;
};

class MemoryQueue : public EventQueue {
  public:
    explicit MemoryQueue(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] bool has_room() const override;
    Result<void> push(const Event &event) override;
    [[nodiscard]] std::uint64_t unkept() const override { return bytes_; }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint64_t waiting() const override;
    [[nodiscard]] Clock::time_point waiting_since() const override;
    Result<Filled> fill(const TakeEvent &take, bool flush) override;
    void delivered() override;
    /// There is no record: what is in memory dies with us.
    [[nodiscard]] std::string key() const override { return ""; }
    [[nodiscard]] std::string record() const override { return ""; }
    [[nodiscard]] bool finished() const override { return closed() && items_.empty(); }

  private:
    struct Item {
        EventTime time;
        std::uint64_t offset;
        Clock::time_point since;
        std::string message;
    };
    std::string name_;
    std::deque<Item> items_;
    std::size_t filled_ = 0; ///< of them, on their way
    std::uint64_t bytes_ = 0, filled_bytes_ = 0;
};

} // namespace hostav
