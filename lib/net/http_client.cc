// SPDX-License-Identifier: GPL-2.0-only
#include "net/http_client.h"

#include "net/curl_handle.h"

#include <algorithm>
#include <climits>
#include <deque>
#include <optional>
#include <utility>

namespace hostav {

namespace {

// As much as one TLS record at a time; an upload of a megabyte in sixteen pieces.
constexpr long receive_buffer = 16L * 1024;
constexpr long send_buffer = 64L * 1024;
constexpr std::size_t most_header_bytes = 64 * 1024;

struct FreeMulti {
    void operator()(CURLM *multi) const { curl_multi_cleanup(multi); }
};

struct Transfer {
    std::uint64_t handle = 0;
    curl::Easy easy;
    curl::Headers headers;
    HttpRequest request;
    HttpClient::Done done;
    HttpResponse response;
    curl::Why why{};
    std::size_t header_bytes = 0;
    bool too_large = false;
};

std::size_t on_body(const char *data, std::size_t one, std::size_t size, void *context) {
    auto &transfer = *static_cast<Transfer *>(context);
    const auto bytes = one * size;
    if (bytes > transfer.request.most - transfer.response.body.size()) {
        transfer.too_large = true;
        return 0;
    }
    transfer.response.body.append(data, bytes);
    return bytes;
}

std::size_t on_header(const char *data, std::size_t one, std::size_t size, void *context) {
    auto &transfer = *static_cast<Transfer *>(context);
    const std::string_view line(data, one * size);
    transfer.header_bytes += line.size();
    if (transfer.header_bytes > most_header_bytes) {
        transfer.too_large = true;
        return 0;
    }
    if (line.starts_with("HTTP/")) { // another answer begins: after 100 Continue
        transfer.response.headers.clear();
        return line.size();
    }
    auto [name, value] = curl::split_header(line);
    if (!name.empty())
        transfer.response.headers[std::move(name)] = std::move(value);
    return line.size();
}

bool has_header(const HttpRequest &request, std::string_view name) {
    return std::ranges::any_of(request.headers, [name](const std::string &line) {
        return curl::split_header(line).first == name;
    });
}

void set_method(CURL *easy, const HttpRequest &request) {
    if (request.method == "GET") {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (request.method != "POST")
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // Not copied: the transfer owns it as long as libcurl reads it.
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
}

void set_headers(Transfer &transfer) {
    for (const auto &line : transfer.request.headers)
        curl::add_header(transfer.headers, line);
    // Without a value: libcurl's own are not sent. It would wait a second for 100 Continue.
    for (const std::string name : {"Expect", "Content-Type"})
        if (!has_header(transfer.request, name == "Expect" ? "expect" : "content-type"))
            curl::add_header(transfer.headers, name + ":");
    curl_easy_setopt(transfer.easy.get(), CURLOPT_HTTPHEADER, transfer.headers.get());
}

void set_limits(CURL *easy, const HttpRequest &request) {
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(request.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    if (request.stall_timeout.count() > 0) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                         static_cast<long>(request.stall_timeout.count()));
    }
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, receive_buffer);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, send_buffer);
}

void set_transfer(Transfer &transfer, const HttpClientOptions &options) {
    CURL *easy = transfer.easy.get();
    const auto &request = transfer.request;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.why.data());
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl::allow_protocols(easy, "http,https");
    curl::use_options(easy, options, request.url.starts_with("https:"), request.direct);
    set_method(easy, request);
    set_headers(transfer);
    set_limits(easy, request);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
}

/// Fills in what came of a transfer.
void judge(Transfer &transfer, CURLcode code) {
    CURL *easy = transfer.easy.get();
    auto &response = transfer.response;
    long request_bytes = 0;
    curl_off_t uploaded = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    response.sent =
        request_bytes > 0 && (transfer.request.method == "GET" ||
                              static_cast<std::size_t>(uploaded) >= transfer.request.body.size());
    if (code == CURLE_OK) {
        response.status = curl::status_of(easy);
        return;
    }
    response.connect_timed_out = code == CURLE_OPERATION_TIMEDOUT && request_bytes == 0;
    response.why = curl::why_text(code, transfer.why);
    if (transfer.too_large)
        response.why =
            transfer.header_bytes > most_header_bytes
                ? "the answer's headers are too large"
                : "the answer is larger than " + std::to_string(transfer.request.most) + " bytes";
}

bool has_line_end(const HttpRequest &request) {
    constexpr std::string_view ends("\r\n\0", 3);
    return std::ranges::any_of(request.headers, [ends](const std::string &line) {
        return line.find_first_of(ends) != std::string::npos;
    });
}

} // namespace

struct HttpClient::Impl {
    HttpClientOptions options;
    std::unique_ptr<CURLM, FreeMulti> multi;
    std::vector<curl::Easy> idle; ///< handles to use again: they know their servers' TLS sessions
    std::map<std::uint64_t, std::unique_ptr<Transfer>> running;
    std::deque<std::unique_ptr<Transfer>> finished; ///< not told yet
    std::uint64_t last_handle = 0;

    std::uint64_t start(HttpRequest request, Done done);
    void cancel(std::uint64_t handle);
    void finish(std::unique_ptr<Transfer> transfer);
    void collect();
    Result<void> move_on();
    Result<void> pause(std::span<pollfd> also, std::chrono::milliseconds longest);
    std::unique_ptr<Transfer> take_finished(std::uint64_t handle);
};

std::uint64_t HttpClient::Impl::start(HttpRequest request, Done done) {
    auto transfer = std::make_unique<Transfer>();
    const auto handle = transfer->handle = ++last_handle;
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    if (has_line_end(transfer->request)) {
        transfer->response.why = "a header holds a line end";
        finish(std::move(transfer));
        return handle;
    }
    if (idle.empty()) {
        transfer->easy = curl::new_easy();
    } else {
        transfer->easy = std::move(idle.back());
        idle.pop_back();
    }
    if (transfer->easy && multi) {
        set_transfer(*transfer, options);
        if (curl_multi_add_handle(multi.get(), transfer->easy.get()) == CURLM_OK) {
            running.emplace(handle, std::move(transfer));
            return handle;
        }
    }
    transfer->response.why = "libcurl cannot be initialised";
    finish(std::move(transfer));
    return handle;
}

void HttpClient::Impl::finish(std::unique_ptr<Transfer> transfer) {
    transfer->response.request_body = std::move(transfer->request.body);
    if (transfer->easy) {
        curl_easy_reset(transfer->easy.get());
        if (idle.size() < options.most_connections)
            idle.push_back(std::move(transfer->easy));
    }
    finished.push_back(std::move(transfer));
}

void HttpClient::Impl::cancel(std::uint64_t handle) {
    static_cast<void>(take_finished(handle));
    const auto found = running.find(handle);
    if (found == running.end())
        return;
    curl_multi_remove_handle(multi.get(), found->second->easy.get());
    running.erase(found);
}

std::unique_ptr<Transfer> HttpClient::Impl::take_finished(std::uint64_t handle) {
    const auto found = std::ranges::find(finished, handle, &Transfer::handle);
    if (found == finished.end())
        return nullptr;
    auto transfer = std::move(*found);
    finished.erase(found);
    return transfer;
}

void HttpClient::Impl::collect() {
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        // What the message points to goes with the handle's removal.
        const auto code = message->data.result;
        CURL *easy = message->easy_handle;
        void *context = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
        auto node = running.extract(static_cast<Transfer *>(context)->handle);
        judge(*node.mapped(), code);
        curl_multi_remove_handle(multi.get(), easy);
        finish(std::move(node.mapped()));
    }
}

Result<void> HttpClient::Impl::move_on() {
    int still = 0;
    const auto code = curl_multi_perform(multi.get(), &still);
    if (code != CURLM_OK)
        return fail("libcurl", curl_multi_strerror(code));
    collect();
    return {};
}

Result<void> HttpClient::Impl::pause(std::span<pollfd> also, std::chrono::milliseconds longest) {
    std::vector<curl_waitfd> extra;
    for (const auto &entry : also)
        if (entry.fd >= 0)
            extra.push_back({entry.fd,
                             static_cast<short>((entry.events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                                (entry.events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                                                (entry.events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
                             0});
    const auto time = finished.empty() ? std::clamp<std::int64_t>(longest.count(), 0, INT_MAX) : 0;
    const auto code =
        curl_multi_poll(multi.get(), extra.data(), static_cast<unsigned>(extra.size()),
                        static_cast<int>(time), nullptr);
    if (code != CURLM_OK)
        return fail("libcurl", curl_multi_strerror(code));
    // libcurl does not tell of POLLHUP and POLLERR.
    for (auto &entry : also)
        entry.revents = 0;
    if (!extra.empty() && ::poll(also.data(), also.size(), 0) < 0 && errno != EINTR)
        return fail_errno("poll");
    return {};
}

std::string HttpResponse::header(const std::string &name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

HttpClient::HttpClient(const HttpClientOptions &options) : impl_(std::make_unique<Impl>()) {
    impl_->options = options;
    // The first handle initialises libcurl.
    impl_->idle.push_back(curl::new_easy());
    if (!impl_->idle.back())
        impl_->idle.clear();
    impl_->multi.reset(curl_multi_init());
    const auto most = static_cast<long>(options.most_connections);
    curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, most);
    curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAXCONNECTS, most);
}

HttpClient::~HttpClient() {
    for (const auto &[handle, transfer] : impl_->running)
        curl_multi_remove_handle(impl_->multi.get(), transfer->easy.get());
}

std::uint64_t HttpClient::start(HttpRequest request, Done done) {
    return impl_->start(std::move(request), std::move(done));
}

void HttpClient::cancel(std::uint64_t handle) {
    impl_->cancel(handle);
}

std::size_t HttpClient::running() const {
    return impl_->running.size() + impl_->finished.size();
}

Result<void> HttpClient::wait(std::span<pollfd> also, std::chrono::milliseconds longest) {
    // First what began since the last time; then what the wait was for.
    if (auto moved = impl_->move_on(); !moved)
        return moved;
    if (auto waited = impl_->pause(also, longest); !waited)
        return waited;
    if (auto moved = impl_->move_on(); !moved)
        return moved;
    while (!impl_->finished.empty()) {
        const auto transfer = std::move(impl_->finished.front());
        impl_->finished.pop_front();
        if (transfer->done)
            transfer->done(std::move(transfer->response));
    }
    return {};
}

HttpResponse HttpClient::perform(HttpRequest request) {
    constexpr std::chrono::milliseconds look_again{1000};
    const auto handle = impl_->start(std::move(request), {});
    while (true) {
        if (const auto transfer = impl_->take_finished(handle))
            return std::move(transfer->response);
        auto moved = impl_->move_on();
        if (moved)
            moved = impl_->pause({}, look_again);
        if (!moved) {
            impl_->cancel(handle);
            HttpResponse response;
            response.why = moved.error().text();
            return response;
        }
    }
}

Result<UrlParts> split_url(const std::string &url) {
    struct FreeUrl {
        void operator()(CURLU *handle) const { curl_url_cleanup(handle); }
    };
    const std::unique_ptr<CURLU, FreeUrl> handle(curl_url());
    if (!handle || curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return fail("", "is not a URL");
    const auto part = [&handle](CURLUPart which, unsigned flags = 0) {
        char *text = nullptr;
        if (curl_url_get(handle.get(), which, &text, flags) != CURLUE_OK)
            return std::string();
        const std::unique_ptr<char, void (*)(void *)> owner(text, curl_free);
        return std::string(text);
    };
    UrlParts parts{part(CURLUPART_SCHEME), part(CURLUPART_HOST), part(CURLUPART_PATH),
                   part(CURLUPART_QUERY)};
    if (parts.scheme != "http" && parts.scheme != "https")
        return fail("", "is neither an http nor an https URL");
    if (const auto port = part(CURLUPART_PORT, CURLU_NO_DEFAULT_PORT); !port.empty())
        parts.host += ":" + port;
    return parts;
}

} // namespace hostav
