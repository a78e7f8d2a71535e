// SPDX-License-Identifier: GPL-2.0-only
//
// A file for the textfile collector of Prometheus' node_exporter
// (https://github.com/prometheus/node_exporter#textfile-collector), replaced as a whole, so that
// half of it is never read. It has one metric: a counter, NAMESPACE_METRIC_total, that goes on from
// what the file says, so that runs of cron add up; and when it was written last, so that silence is
// noticed. Gauges are what they are now, of all metrics of one push. The format is
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format.
#pragma once

#include "metric/sink.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace hostav {

class PrometheusMetrics : public MetricSink {
  public:
    PrometheusMetrics(std::string path, std::string name_space)
        : path_(std::move(path)), name_space_(std::move(name_space)) {}
    /// The file is replaced as a whole.
    [[nodiscard]] bool takes_together(const Metric &a, const Metric &b) const override {
        return a == b || (a.gauge && b.gauge);
    }
    void push(const std::vector<Datum> &data, Done done) override;

  private:
    std::string path_, name_space_;
    [[nodiscard]] Result<void> add(const std::vector<Datum> &data) const;
};

/// The file after some data of one metric, or of several gauges, at least one; `before`: its text
/// until now. `now`: seconds since 1970. Characters that names may not have become `_`.
[[nodiscard]] std::string prometheus_text(std::string_view before, const std::string &name_space,
                                          const std::vector<Datum> &data, std::int64_t now);

} // namespace hostav
