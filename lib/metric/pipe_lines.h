// SPDX-License-Identifier: GPL-2.0-only
//
// Standard input, and its copy on standard output (--tee).
#pragma once

#include "base/messages.h"
#include "metric/line_input.h"
#include "metric/line_source.h"

#include <string>

namespace hostav {

/// The copy of the input.
class Tee {
  public:
    explicit Tee(bool wanted) : open_(wanted) {}
    [[nodiscard]] bool pending() const { return written_ < bytes_.size(); }
    void add(std::string_view bytes);
    /// What goes without waiting. A failure is told once; a reader that has gone is none.
    Result<void> write();

  private:
    bool open_;
    std::string bytes_;
    std::size_t written_ = 0;

    Result<void> close(int error);
};

class PipeLines : public LineSource {
  public:
    PipeLines(bool tee, Messages &messages);
    [[nodiscard]] std::vector<pollfd> descriptors() const override;
    [[nodiscard]] Clock::time_point next_work() const override { return Clock::time_point::max(); }
    void work(std::span<const pollfd> ready, Counter &counter, std::time_t now) override;
    void stop(Counter &counter, std::time_t now) override;
    [[nodiscard]] bool ended() const override { return ended_; }
    [[nodiscard]] bool idle() const override { return !tee_.pending(); }
    /// What was read cannot be read again.
    [[nodiscard]] bool moved() const override { return false; }
    void save(DataSpool & /*to*/) override {}
    [[nodiscard]] bool read_failed() const override { return read_failed_; }
    [[nodiscard]] bool write_failed() const override { return write_failed_; }

  private:
    Messages &messages_;
    LineInput input_;
    Tee tee_;
    bool ended_ = false, read_failed_ = false, write_failed_ = false;

    void read(Counter &counter, std::time_t now);
};

} // namespace hostav
