// SPDX-License-Identifier: GPL-2.0-only
//
// Downloads by libcurl: http, https and file URLs into a descriptor. curl/curl.h is included in
// http.cc only. Blocking; every transfer ends: connecting has a limit, and so has a transfer that
// makes no progress, and the size. Redirects are followed (three, http to https but never from
// https to http, never to file). Certificates are always verified; CURL_CA_BUNDLE names others than
// the system's, as in freshclam.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hostav {

struct HttpOptions {
    std::string user_agent;
    std::uint64_t connect_timeout = 30; ///< seconds
    std::uint64_t receive_timeout = 60; ///< seconds below 1 byte/s until the transfer is given up;
                                        ///< 0: none
    std::string proxy;                  ///< URL or host; empty: none (the environment's is ignored)
    std::uint16_t proxy_port = 0;       ///< 0: as in the URL, else curl's default
    std::string proxy_user, proxy_password;
    std::string local_address; ///< empty: any
    std::string ca_bundle;     ///< file; empty: the system's
};

/// What is already there, so that the server need not send it again.
struct HttpCondition {
    std::string etag;
    std::string last_modified; ///< an HTTP date, as the server sent it
};

enum class HttpOutcome {
    fetched,
    not_modified,
    http_error,
    connection_failed,
    too_large,
    local_failure
};

struct HttpReply {
    HttpOutcome outcome = HttpOutcome::connection_failed;
    long status = 0;                          ///< of HTTP; 0 for file URLs
    std::string why;                          ///< one line, for every outcome but the first two
    std::optional<std::uint64_t> retry_after; ///< seconds (both forms of the header)
    std::string etag, last_modified;          ///< of what was fetched
    std::uint64_t bytes = 0;
};

/// Done and total bytes (0: unknown); called at most about ten times a second. False ends the
/// transfer (connection_failed, `interrupted`).
using HttpProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Writes the body to `to` from its current offset. The etag of a file URL is its file's identity,
/// size and time. Credentials in a URL are used, and never shown in `why`.
[[nodiscard]] HttpReply http_get(const std::string &url, int to, std::uint64_t max_size,
                                 const HttpCondition &condition, const HttpOptions &options,
                                 const HttpProgress &progress);

/// The URL without user, password, query and fragment, escaped for a line.
[[nodiscard]] std::string printable_url(const std::string &url);

} // namespace hostav
