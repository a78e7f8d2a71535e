// SPDX-License-Identifier: GPL-2.0-only
//
// StatsD's datagrams (https://github.com/statsd/statsd/blob/master/docs/metric_types.md), with
// dimensions as the tags that DogStatsD, Telegraf and statsd_exporter understand
// (https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/). Nobody answers: that nothing
// listens is noticed on this machine only, and not always. Time stamps are the receiver's.
#pragma once

#include "base/fd.h"
#include "metric/sink.h"

#include <memory>
#include <string>
#include <vector>

namespace hostav {

class StatsdMetrics : public MetricSink {
  public:
    /// `target`: HOST:PORT, [IPv6]:PORT; the name is looked up with the first push.
    static Result<std::unique_ptr<StatsdMetrics>> create(const std::string &target,
                                                         std::string name_space, bool distribution);
    void push(const std::vector<Datum> &data, Done done) override;

  private:
    StatsdMetrics(std::string host, std::string port, std::string name_space, bool distribution);
    std::string host_, port_, name_space_;
    bool distribution_;
    Fd socket_;
    [[nodiscard]] Result<void> send(const std::string &datagram);
};

/// `distribution`: each value as a histogram's, else their sum as a counter's.
[[nodiscard]] std::vector<std::string> statsd_lines(const std::string &name_space,
                                                    const Datum &datum, bool distribution);

} // namespace hostav
