// SPDX-License-Identifier: GPL-2.0-only
//
// A byte stream over TLS (or plain TCP) to a server, by libcurl's CURLOPT_CONNECT_ONLY:
// certificates and proxies as for HTTP. Connecting blocks, with an end; then nothing blocks.
#pragma once

#include "base/error.h"
#include "net/http_client.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hostav {

class TlsStream {
  public:
    /// `tls` false: plain TCP. `host` may be an IPv6 address without brackets.
    static Result<TlsStream> connect(const std::string &host, std::uint16_t port, bool tls,
                                     const HttpClientOptions &options,
                                     std::chrono::milliseconds timeout);
    TlsStream(TlsStream &&) noexcept;
    TlsStream &operator=(TlsStream &&) noexcept;
    TlsStream(const TlsStream &) = delete;
    TlsStream &operator=(const TlsStream &) = delete;
    ~TlsStream();

    /// How many bytes were taken, 0 when it has to wait for the descriptor. Some of them may still
    /// be here: the next call, or unacknowledged(), sends them on.
    Result<std::size_t> send(std::string_view bytes);
    /// Bytes taken that the other side's kernel has not acknowledged yet (SIOCOUTQ; with a proxy,
    /// the proxy's). That it has closed the connection is a failure. What it says is thrown away.
    Result<std::size_t> unacknowledged();
    [[nodiscard]] int fd() const;

  private:
    struct Impl;
    explicit TlsStream(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
