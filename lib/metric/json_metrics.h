// SPDX-License-Identifier: GPL-2.0-only
//
// Data as JSON lines on a descriptor: `namespace`, `metric`, `dimensions`, `timestamp` (seconds
// since 1970), `unit`, and `value`, or `values` and `counts`. Writes wait for the reader.
#pragma once

#include "metric/sink.h"

#include <string>

namespace hostav {

class JsonMetrics : public MetricSink {
  public:
    /// `fd` is the caller's.
    JsonMetrics(int fd, std::string name_space) : fd_(fd), name_space_(std::move(name_space)) {}
    void push(const std::vector<Datum> &data, Done done) override;

  private:
    int fd_;
    std::string name_space_;
};

/// Without its end.
[[nodiscard]] std::string json_metric_line(const std::string &name_space, const Datum &datum);

} // namespace hostav
