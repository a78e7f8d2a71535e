// SPDX-License-Identifier: GPL-2.0-only
//
// CloudWatch by PutMetricData. Region and credentials are looked for with the first push, and again
// with each that fails for the lack of them: a machine may come up before its network does. That
// blocks for seconds at most.
#pragma once

#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/metadata.h"
#include "aws/service.h"
#include "metric/sink.h"

#include <optional>
#include <string>

namespace hostav {

class CloudwatchMetrics : public MetricSink {
  public:
    struct Parts {
        const AwsEnvironment &environment;
        HttpClient &http;
        Metadata &metadata;
    };
    CloudwatchMetrics(const Parts &parts, std::string name_space);
    [[nodiscard]] bool takes_together(const Metric & /*a*/, const Metric & /*b*/) const override {
        return true;
    }
    void push(const std::vector<Datum> &data, Done done) override;

  private:
    Parts parts_;
    std::string name_space_;
    std::optional<Credentials> credentials_;
    std::optional<AwsServiceClient> service_;
    Result<void> connect();
};

/// What an answer to PutMetricData with so many data means. Pure.
[[nodiscard]] Pushed read_put_metric_data(const AwsReply &reply, std::size_t data);

} // namespace hostav
