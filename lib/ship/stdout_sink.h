// SPDX-License-Identifier: GPL-2.0-only
//
// What would be sent, as JSON lines on a descriptor: for trying a configuration out, and for pipes.
// Who does not read keeps a batch waiting, nothing else: signals are still heard. The descriptor's
// flags are its other users', too, and stay what they are.
#pragma once

#include "ship/sink.h"

#include <deque>
#include <string>

namespace hostav {

class StdoutSink : public Sink {
  public:
    /// `fd` is the caller's.
    explicit StdoutSink(int fd) : fd_(fd) {}
    /// `{"logGroupName":…,"logStreamName":…,"timestamp":…,"message":…}`, PutLogEvents' own names.
    void deliver(const Parcel &parcel, Done done) override;
    void add_descriptors(std::vector<pollfd> &to) const override;
    void work() override;

  private:
    struct Job {
        std::string lines;
        std::size_t written = 0;
        Done done;
    };
    int fd_;
    std::deque<Job> jobs_;
    bool write_front();
};

} // namespace hostav
