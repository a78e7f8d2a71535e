// SPDX-License-Identifier: GPL-2.0-only
#include "net/http.h"

#include "base/files.h"
#include "base/text.h"
#include "net/curl_handle.h"
#include "net/http_date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <curl/curl.h>
#include <memory>
#include <sys/stat.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
constexpr long most_redirects = 3; // as libfreshclam
constexpr long receive_buffer = 512L * 1024;
constexpr long http_ok = 200;
constexpr long http_not_modified = 304;
constexpr long http_error = 400;

/// One transfer's state, for libcurl's callbacks.
struct Transfer {
    CURL *easy = nullptr;
    int to = -1;
    std::uint64_t most = 0;
    const HttpProgress *progress = nullptr;
    HttpReply reply;
    std::string write_error;
    bool too_large = false, interrupted = false;
    Clock::time_point drawn{};
};

std::size_t on_body(const char *data, std::size_t one, std::size_t size, void *context) {
    auto &transfer = *static_cast<Transfer *>(context);
    const auto bytes = one * size;
    // The page that comes with an error or a redirect is nobody's database.
    if (const auto status = curl::status_of(transfer.easy);
        status != 0 && status / 100 != http_ok / 100)
        return bytes;
    if (transfer.reply.bytes + bytes > transfer.most) {
        transfer.too_large = true;
        return 0;
    }
    if (auto wrote = write_all(transfer.to, {data, bytes}, ""); !wrote) {
        transfer.write_error = wrote.error().why;
        return 0;
    }
    transfer.reply.bytes += bytes;
    return bytes;
}

std::size_t on_header(const char *data, std::size_t one, std::size_t size, void *context) {
    auto &reply = static_cast<Transfer *>(context)->reply;
    const std::string_view line(data, one * size);
    if (line.starts_with("HTTP/")) { // another answer begins: after a redirect
        reply.etag.clear();
        reply.last_modified.clear();
        reply.retry_after.reset();
        return line.size();
    }
    const auto [name, value] = curl::split_header(line);
    if (name == "etag")
        reply.etag = value;
    else if (name == "last-modified")
        reply.last_modified = value;
    else if (name == "retry-after")
        reply.retry_after = parse_retry_after(value);
    return line.size();
}

int on_progress(void *context, curl_off_t total, curl_off_t done, curl_off_t /*up_total*/,
                curl_off_t /*up_done*/) {
    auto &transfer = *static_cast<Transfer *>(context);
    constexpr auto ten_a_second = std::chrono::milliseconds(100);
    const auto now = Clock::now();
    if (!*transfer.progress || now - transfer.drawn < ten_a_second)
        return 0;
    transfer.drawn = now;
    transfer.interrupted =
        !(*transfer.progress)(static_cast<std::uint64_t>(done), static_cast<std::uint64_t>(total));
    return transfer.interrupted ? 1 : 0;
}

curl::Headers request_headers(const HttpCondition &condition) {
    curl::Headers headers;
    if (!condition.etag.empty())
        curl::add_header(headers, "If-None-Match: " + condition.etag);
    if (!condition.last_modified.empty())
        curl::add_header(headers, "If-Modified-Since: " + condition.last_modified);
    return headers;
}

void set_connection(CURL *easy, const std::string &url, const HttpOptions &options) {
    const auto text = [easy](CURLoption option, const std::string &value) {
        if (!value.empty())
            curl_easy_setopt(easy, option, value.c_str());
    };
    // Empty means none: the environment's proxy is not what the configuration says.
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
    if (options.proxy_port != 0)
        curl_easy_setopt(easy, CURLOPT_PROXYPORT, long{options.proxy_port});
    text(CURLOPT_PROXYUSERNAME, options.proxy_user);
    text(CURLOPT_PROXYPASSWORD, options.proxy_password);
    text(CURLOPT_INTERFACE, options.local_address.empty() ? "" : "host!" + options.local_address);
    curl::verify_servers(easy, options.ca_bundle);
    text(CURLOPT_USERAGENT, options.user_agent);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout));
    if (options.receive_timeout != 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.receive_timeout));
    }
    curl::allow_protocols(easy, "http,https,file");
    // What was asked for with TLS comes with TLS, or not at all.
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, most_redirects);
    curl::allow_redirects(easy, url.starts_with("https:") ? "https" : "http,https");
}

void set_transfer(CURL *easy, const std::string &url, Transfer &transfer, curl::Why &why) {
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why.data());
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(transfer.most));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}

void judge(CURL *easy, CURLcode code, const curl::Why &why, Transfer &transfer) {
    auto &reply = transfer.reply;
    reply.status = curl::status_of(easy);
    const auto outcome = [&reply](HttpOutcome is, std::string text) {
        reply.outcome = is;
        reply.why = std::move(text);
    };
    if (transfer.too_large || code == CURLE_FILESIZE_EXCEEDED)
        return outcome(HttpOutcome::too_large,
                       "is larger than " + std::to_string(transfer.most) + " bytes");
    if (!transfer.write_error.empty())
        return outcome(HttpOutcome::local_failure, transfer.write_error);
    if (transfer.interrupted)
        return outcome(HttpOutcome::connection_failed, "interrupted");
    if (code == CURLE_FILE_COULDNT_READ_FILE)
        return outcome(HttpOutcome::http_error, "cannot be read");
    if (code != CURLE_OK)
        return outcome(HttpOutcome::connection_failed, curl::why_text(code, why));
    if (reply.status == http_not_modified)
        return outcome(HttpOutcome::not_modified, "");
    if (reply.status >= http_error || (reply.status != 0 && reply.status / 100 != http_ok / 100))
        return outcome(HttpOutcome::http_error, "HTTP status " + std::to_string(reply.status));
    outcome(HttpOutcome::fetched, "");
}

/// A file has no headers: which file it is, its size and its time in nanoseconds are its tag.
std::string file_tag(CURL *easy, const std::string &url) {
    constexpr std::string_view scheme = "file://";
    int length = 0;
    const std::unique_ptr<char, void (*)(void *)> path(
        curl_easy_unescape(easy, url.c_str() + scheme.size(), 0, &length), curl_free);
    struct stat st = {};
    if (!path || ::stat(path.get(), &st) != 0)
        return {};
    return std::to_string(st.st_dev) + "-" + std::to_string(st.st_ino) + "-" +
           std::to_string(st.st_size) + "-" + std::to_string(st.st_mtim.tv_sec) + "." +
           std::to_string(st.st_mtim.tv_nsec);
}

/// A date of whole seconds says nothing of a file that changed a moment ago: it may change again
/// within the same second.
void distrust_fresh_date(HttpReply &reply) {
    constexpr std::time_t fresh = 2;
    const auto date = parse_http_date(reply.last_modified);
    if (reply.etag.empty() && date && *date + fresh > std::time(nullptr))
        reply.last_modified.clear();
}

} // namespace

HttpReply http_get(const std::string &url, int to, std::uint64_t max_size,
                   const HttpCondition &condition, const HttpOptions &options,
                   const HttpProgress &progress) {
    Transfer transfer;
    const auto easy = curl::new_easy();
    if (!easy) {
        transfer.reply.outcome = HttpOutcome::local_failure;
        transfer.reply.why = "libcurl cannot be initialised";
        return transfer.reply;
    }
    transfer.easy = easy.get();
    transfer.to = to;
    transfer.most = max_size;
    transfer.progress = &progress;
    curl::Why why{};
    set_transfer(easy.get(), url, transfer, why);
    set_connection(easy.get(), url, options);
    const bool file = url.starts_with("file:");
    const auto headers = request_headers(condition);
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    const auto tag = file ? file_tag(easy.get(), url) : std::string();
    if (file && !tag.empty() && tag == condition.etag) {
        transfer.reply.outcome = HttpOutcome::not_modified;
        transfer.reply.etag = tag;
        return transfer.reply;
    }
    const auto code = curl_easy_perform(easy.get());
    judge(easy.get(), code, why, transfer);
    if (file)
        transfer.reply.etag = tag;
    distrust_fresh_date(transfer.reply);
    if (transfer.reply.outcome == HttpOutcome::fetched && progress)
        static_cast<void>(progress(transfer.reply.bytes, transfer.reply.bytes));
    return transfer.reply;
}

std::string printable_url(const std::string &url) {
    auto text = url.substr(0, url.find_first_of("?#"));
    const auto scheme = text.find("://");
    if (scheme != std::string::npos) {
        const auto host = scheme + 3;
        const auto path = text.find('/', host);
        const auto at = text.rfind('@', path);
        if (at != std::string::npos && at >= host)
            text.erase(host, at + 1 - host);
    }
    return escape_path(text);
}

} // namespace hostav
