// SPDX-License-Identifier: GPL-2.0-only
//
// Syslog messages (RFC 5424) over TLS with octet counting (RFC 5425). The protocol has no answer:
// accepted is what the other side's kernel has acknowledged on a connection that is still open a
// moment later (who closes without having read resets it), the most that can be known.
#pragma once

#include "net/tls_stream.h"
#include "ship/sink.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace hostav {

struct SyslogOptions {
    std::string host;
    std::uint16_t port = 6514; ///< RFC 5425's
    std::string host_name;     ///< of every message
    std::string version;
    HttpClientOptions tls; ///< certificates
};

/// `HOST`, `HOST:PORT`, `[IPv6]:PORT`.
[[nodiscard]] Result<SyslogOptions> parse_syslog_address(const std::string &text);

class SyslogSink : public Sink {
  public:
    explicit SyslogSink(SyslogOptions options) : options_(std::move(options)) {}
    void deliver(const Parcel &parcel, Done done) override;
    [[nodiscard]] BatchLimits limits() const override;
    void add_descriptors(std::vector<pollfd> &to) const override;
    [[nodiscard]] std::chrono::steady_clock::time_point next_work() const override;
    void work() override;

  private:
    using Clock = std::chrono::steady_clock;
    struct Job {
        std::string bytes;
        std::size_t sent = 0;
        Clock::time_point acknowledged = Clock::time_point::max(); ///< since when all is
        Done done;
    };
    SyslogOptions options_;
    std::optional<TlsStream> stream_;
    Clock::time_point next_connect_;
    std::string last_failure_;
    std::deque<Job> jobs_;
    Clock::time_point progress_;     ///< when the other side took something last
    std::size_t unacknowledged_ = 0; ///< the last time it was asked
    void fail_all(const std::string &why);
    bool send_front();
};

/// One message with its length before it.
void append_syslog_frame(std::string &to, const Parcel &parcel, const Batch::Item &item,
                         const SyslogOptions &options);

} // namespace hostav
