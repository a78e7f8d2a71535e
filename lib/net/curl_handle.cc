// SPDX-License-Identifier: GPL-2.0-only
#include "net/curl_handle.h"

#include "base/ascii.h"
#include "base/text.h"

#include <algorithm>
#include <string_view>

namespace hostav::curl {
namespace {

#if LIBCURL_VERSION_NUM < 0x075500
long protocol_bits(std::string_view schemes) {
    long bits = 0;
    while (!schemes.empty()) {
        const auto scheme = schemes.substr(0, schemes.find(','));
        bits |= scheme == "http" ? CURLPROTO_HTTP : 0;
        bits |= scheme == "https" ? CURLPROTO_HTTPS : 0;
        bits |= scheme == "file" ? CURLPROTO_FILE : 0;
        schemes.remove_prefix(std::min(schemes.size(), scheme.size() + 1));
    }
    return bits;
}
#endif

} // namespace

Easy new_easy() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    Easy easy(ready == CURLE_OK ? curl_easy_init() : nullptr);
    if (easy)
        curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    return easy;
}

void add_header(Headers &headers, const std::string &line) {
    // The list's head stays what it was, but for the first.
    auto *head = curl_slist_append(headers.get(), line.c_str());
    if (!headers)
        headers.reset(head);
}

void allow_protocols(CURL *easy, const char *schemes) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, schemes);
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, protocol_bits(schemes));
#endif
}

void allow_redirects(CURL *easy, const char *schemes) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
#else
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, protocol_bits(schemes));
#endif
}

void verify_servers(CURL *easy, const std::string &ca_bundle) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!ca_bundle.empty())
        curl_easy_setopt(easy, CURLOPT_CAINFO, ca_bundle.c_str());
}

void use_options(CURL *easy, const HttpClientOptions &options, bool tls, bool direct) {
    verify_servers(easy, options.ca_bundle);
    // A bundle that was named replaces the system's authorities.
    if (!options.ca_bundle.empty())
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    const auto &proxy = tls ? options.https_proxy : options.http_proxy;
    // Always both: libcurl would look into the environment for what is not set.
    curl_easy_setopt(easy, CURLOPT_PROXY, direct ? "" : proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, direct ? "*" : options.no_proxy.c_str());
    if (!options.user_agent.empty())
        curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
}

long status_of(CURL *easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

std::string why_text(CURLcode code, const Why &why) {
    return escape_path(why[0] != '\0' ? why.data() : curl_easy_strerror(code));
}

std::pair<std::string, std::string> split_header(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return {};
    return {lower_ascii(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))};
}

} // namespace hostav::curl
