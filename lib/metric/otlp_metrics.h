// SPDX-License-Identifier: GPL-2.0-only
//
// OpenTelemetry metrics to any collector, OTLP over HTTP in JSON (net/otlp.h): sums of a period
// (delta temporality), or histograms without bounds where values come from lines; gauges.
#pragma once

#include "metric/sink.h"
#include "net/http_client.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hostav {

struct OtlpMetricsOptions {
    std::string url;                  ///< without a path: `/v1/metrics`, the specification's
    std::vector<std::string> headers; ///< `Name: value`, secrets maybe
    std::string name_space;           ///< becomes service.name
    std::string host_name, version;   ///< of the resource and the scope
    std::int64_t period = 60;         ///< seconds of each datum
    bool distribution = false;
};

class OtlpMetrics : public MetricSink {
  public:
    /// `http` must outlive it. Fails for what is no http or https URL.
    static Result<std::unique_ptr<OtlpMetrics>> create(OtlpMetricsOptions options,
                                                       HttpClient &http);
    void push(const std::vector<Datum> &data, Done done) override;

  private:
    OtlpMetrics(OtlpMetricsOptions options, HttpClient &http);
    OtlpMetricsOptions options_;
    HttpClient &http_;
};

/// The body of data, at least one, those of a metric together: ExportMetricsServiceRequest.
[[nodiscard]] std::string otlp_metrics_body(const std::vector<Datum> &data,
                                            const OtlpMetricsOptions &options);
/// What an answer means. Pure.
[[nodiscard]] Pushed read_otlp_metrics(const HttpResponse &response, std::size_t data);

} // namespace hostav
