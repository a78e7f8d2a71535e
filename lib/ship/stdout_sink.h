// SPDX-License-Identifier: GPL-2.0-only
//
// What would be sent, as JSON lines on a descriptor: for trying a configuration out, and for pipes.
#pragma once

#include "ship/sink.h"

namespace hostav {

class StdoutSink : public Sink {
  public:
    /// `fd` is the caller's.
    explicit StdoutSink(int fd) : fd_(fd) {}
    /// `{"logGroupName":…,"logStreamName":…,"timestamp":…,"message":…}`, PutLogEvents' own names.
    void deliver(const Parcel &parcel, Done done) override;

  private:
    int fd_;
};

} // namespace hostav
