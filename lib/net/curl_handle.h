// SPDX-License-Identifier: GPL-2.0-only
//
// What all that use libcurl need alike: owners of its handles and how a handle reaches a server
// (protocols, proxy, certificates). Only files of lib/net that include curl/curl.h include this.
#pragma once

#include "net/http_client.h"

#include <array>
#include <curl/curl.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hostav::curl {

struct FreeEasy {
    void operator()(CURL *easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
/// Null when libcurl cannot be initialised. No signals, no environment.
[[nodiscard]] Easy new_easy();

struct FreeList {
    void operator()(curl_slist *list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;
void add_header(Headers &headers, const std::string &line);

/// Comma-separated names of URL schemes; where redirects may lead is what the caller says as well.
void allow_protocols(CURL *easy, const char *schemes);
void allow_redirects(CURL *easy, const char *schemes);

/// Certificates are verified against the system's authorities and those of `ca_bundle` (may be
/// empty); TLS 1.2 at least.
void verify_servers(CURL *easy, const std::string &ca_bundle);
/// Certificates, the proxy for the scheme (for `direct` none, nor the environment's) and the agent.
void use_options(CURL *easy, const HttpClientOptions &options, bool tls, bool direct);

[[nodiscard]] long status_of(CURL *easy);
using Why = std::array<char, CURL_ERROR_SIZE>;
/// One printable line.
[[nodiscard]] std::string why_text(CURLcode code, const Why &why);

/// Name in lower case and value without blanks around it; both empty for a line that is none.
[[nodiscard]] std::pair<std::string, std::string> split_header(std::string_view line);

} // namespace hostav::curl
