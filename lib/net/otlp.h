// SPDX-License-Identifier: GPL-2.0-only
//
// What logs and metrics have in common in OTLP over HTTP, JSON encoding
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
#pragma once

#include "base/error.h"
#include "net/http_client.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// The URL; without a path, `path` (`v1/logs`), the specification's. Fails for what is no http or
/// https URL.
[[nodiscard]] Result<std::string> otlp_url(std::string url, const std::string &path);
/// OTEL_EXPORTER_OTLP_HEADERS: `name=value,name=value`, values percent-encoded.
[[nodiscard]] std::vector<std::string> otlp_headers(const std::string &variable);
/// Appends a KeyValue with its comma; nothing for an empty value, which must be valid UTF-8.
void append_otlp_attribute(std::string &to, std::string_view name, std::string_view value,
                           bool &first);
/// Nanoseconds since 1970 as the encoding has them: a text.
[[nodiscard]] std::string otlp_time(std::int64_t milliseconds);
/// The request that carries a body; those of more than 1,024 bytes compressed where `gzip`.
[[nodiscard]] HttpRequest otlp_request(const std::string &url,
                                       const std::vector<std::string> &headers, std::string body,
                                       bool gzip);

struct OtlpAnswer {
    enum class Kind {
        accepted, ///< apart from `rejected`
        again,    ///< not reachable, or an error of the collector's
        denied,   ///< not a collector, or it does not let us
        invalid,  ///< something in the request
    };
    Kind kind = Kind::again;
    std::string why; ///< one printable line
    std::chrono::milliseconds retry_after{0};
    bool ambiguous = false;     ///< it may have been accepted all the same
    std::uint64_t rejected = 0; ///< `partialSuccess`: how many, it does not say which
    std::string words;          ///< of an accepted one: why, or a warning
};
/// What an answer means. 408, 429 and all 5xx are tried again, although the specification names
/// four of them only: that a collector has an internal error says nothing about the data.
/// `rejected`: the member's name, `rejectedLogRecords`. Pure.
[[nodiscard]] OtlpAnswer read_otlp_answer(const HttpResponse &response,
                                          const std::string &rejected);

} // namespace hostav
