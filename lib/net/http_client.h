// SPDX-License-Identifier: GPL-2.0-only
//
// Requests to services by libcurl, several at once, driven by one loop: the owner waits here for
// them and for descriptors of its own. HTTP/1.1; connections are kept and used again. No redirects.
// Every transfer ends: connecting has a limit, a transfer without progress, and the whole.
// Certificates are always verified. One thread; SIGPIPE is to be ignored by the tool.
//
// libcurl sends a request a second time by itself when a connection that it had used before is
// closed before any byte of an answer came.
#pragma once

#include "base/error.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

namespace hostav {

struct HttpClientOptions {
    std::string user_agent;
    std::string ca_bundle;   ///< file; empty: the system's
    std::string http_proxy;  ///< for http URLs, as in the environment's variable; empty: none
    std::string https_proxy; ///< for https URLs
    std::string no_proxy;    ///< hosts, comma-separated; `*`: all
    std::size_t most_connections = 16;
};

struct HttpRequest {
    std::string method = "POST"; ///< GET, POST or PUT
    std::string url;
    std::vector<std::string> headers; ///< `Name: value`, sent as they are; no line ends
    std::string body;
    bool direct = false; ///< never through a proxy (metadata services)
    std::chrono::milliseconds connect_timeout{5000};
    /// Of the whole, so that an answer that trickles has an end; 0: none but the stall's. A
    /// megabyte at 4 kB/s fits.
    std::chrono::milliseconds timeout{300'000};
    std::chrono::seconds stall_timeout{30}; ///< below 1 byte/s
    std::size_t most = 1 << 20;             ///< bytes of the answer's body; more is a failure
};

struct HttpResponse {
    long status = 0; ///< 0: there was no (whole) answer, `why` says what happened
    std::string body;
    std::map<std::string, std::string> headers; ///< names in lower case; the last of a name
    std::string why;                            ///< one printable line
    bool sent = false; ///< the request left this machine as a whole: it may have been accepted
    bool connect_timed_out = false;
    std::string request_body; ///< given back, for sending it again
    [[nodiscard]] std::string header(const std::string &name) const;
};

class HttpClient {
  public:
    explicit HttpClient(const HttpClientOptions &options);
    ~HttpClient(); ///< ends what runs, without an answer
    HttpClient(const HttpClient &) = delete;
    HttpClient &operator=(const HttpClient &) = delete;
    HttpClient(HttpClient &&) = delete;
    HttpClient &operator=(HttpClient &&) = delete;

    using Done = std::function<void(HttpResponse)>;
    /// `done` is called from wait(), exactly once, unless it is cancelled. Returns a handle > 0.
    std::uint64_t start(HttpRequest request, Done done);
    void cancel(std::uint64_t handle);
    [[nodiscard]] std::size_t running() const;

    /// Moves transfers on, and waits until one of them or of `also` (poll(2)'s; `revents` is
    /// filled) has something, at most for `longest`. Calls what is done.
    Result<void> wait(std::span<pollfd> also, std::chrono::milliseconds longest);

    /// One request to its end. Others move on meanwhile; their `done` waits for wait().
    [[nodiscard]] HttpResponse perform(HttpRequest request);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The parts of a URL that are signed: host with the port where it is not the scheme's, as libcurl
/// sends it in `Host`; path (`/` at least); query without `?`.
struct UrlParts {
    std::string scheme, host, path, query;
};
[[nodiscard]] Result<UrlParts> split_url(const std::string &url);

} // namespace hostav
