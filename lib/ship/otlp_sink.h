// SPDX-License-Identifier: GPL-2.0-only
//
// OpenTelemetry logs to any collector: OTLP over HTTP in its JSON encoding
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
#pragma once

#include "net/http_client.h"
#include "ship/sink.h"

#include <string>
#include <vector>

namespace hostav {

struct OtlpOptions {
    std::string url;                  ///< without a path: `/v1/logs`, the specification's
    std::vector<std::string> headers; ///< `Name: value`, secrets maybe
    bool gzip = true;
    std::string host_name, version; ///< of the resource and the scope
};

class OtlpSink : public Sink {
  public:
    /// `http` must outlive it. Fails for what is no http or https URL.
    static Result<std::unique_ptr<OtlpSink>> create(OtlpOptions options, HttpClient &http);
    void deliver(const Parcel &parcel, Done done) override;
    [[nodiscard]] BatchLimits limits() const override;

  private:
    OtlpSink(OtlpOptions options, HttpClient &http);
    OtlpOptions options_;
    HttpClient &http_;
};

/// The body: ExportLogsServiceRequest.
[[nodiscard]] std::string otlp_body(const Parcel &parcel, const OtlpOptions &options,
                                    EventTime observed);
/// What an answer means. Pure.
[[nodiscard]] Delivery read_otlp_reply(const HttpResponse &response, std::size_t count);

} // namespace hostav
