// SPDX-License-Identifier: GPL-2.0-only
#include "net/http_date.h"

#include "base/text.h"

#include <curl/curl.h>

namespace hostav {

std::optional<std::time_t> parse_http_date(const std::string &text) {
    const auto when = curl_getdate(text.c_str(), nullptr);
    return when < 0 ? std::nullopt : std::optional(when);
}

std::optional<std::uint64_t> parse_retry_after(const std::string &value) {
    if (const auto seconds = parse_number(value))
        return seconds;
    const auto when = parse_http_date(value);
    if (!when)
        return std::nullopt;
    const auto now = std::time(nullptr);
    return *when > now ? static_cast<std::uint64_t>(*when - now) : 0;
}

} // namespace hostav
