// SPDX-License-Identifier: GPL-2.0-only
#include "net/tls_stream.h"

#include "net/curl_handle.h"

#include <algorithm>
#include <array>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <utility>

namespace hostav {

namespace {
constexpr std::size_t record = 16 * 1024; // the most that a TLS record carries
} // namespace

struct TlsStream::Impl {
    curl::Easy easy;
    curl_socket_t socket = CURL_SOCKET_BAD;
    std::string held; ///< taken, not sent: TLS wants the very same bytes again at the same place
    std::size_t held_sent = 0;
    curl::Why why{};

    [[nodiscard]] std::unexpected<Error> failed(CURLcode code) const {
        return fail("", curl::why_text(code, why));
    }
    /// Sends of what is held as much as there is room for.
    Result<void> flush();
    /// Fails when the other side has closed. What it says is nothing to anybody.
    Result<void> look_for_end();
};

Result<void> TlsStream::Impl::flush() {
    while (held_sent < held.size()) {
        std::size_t sent = 0;
        const auto code =
            curl_easy_send(easy.get(), held.data() + held_sent, held.size() - held_sent, &sent);
        if (code == CURLE_AGAIN)
            return {};
        if (code != CURLE_OK)
            return failed(code);
        held_sent += sent;
    }
    held.clear();
    held_sent = 0;
    return {};
}

Result<void> TlsStream::Impl::look_for_end() {
    std::array<char, 4096> answer{};
    while (true) {
        std::size_t got = 0;
        const auto code = curl_easy_recv(easy.get(), answer.data(), answer.size(), &got);
        if (code == CURLE_AGAIN)
            return {};
        if (code != CURLE_OK)
            return failed(code);
        if (got == 0)
            return fail("", "the other side closed the connection");
    }
}

TlsStream::TlsStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsStream::TlsStream(TlsStream &&) noexcept = default;
TlsStream &TlsStream::operator=(TlsStream &&) noexcept = default;
TlsStream::~TlsStream() = default;

Result<TlsStream> TlsStream::connect(const std::string &host, std::uint16_t port, bool tls,
                                     const HttpClientOptions &options,
                                     std::chrono::milliseconds timeout) {
    auto impl = std::make_unique<Impl>();
    impl->easy = curl::new_easy();
    CURL *easy = impl->easy.get();
    if (easy == nullptr)
        return fail("", "libcurl cannot be initialised");
    const bool needs_brackets = host.find(':') != std::string::npos && !host.starts_with('[');
    const auto url = std::string(tls ? "https://" : "http://") + (needs_brackets ? "[" : "") +
                     host + (needs_brackets ? "]" : "") + ":" + std::to_string(port);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, impl->why.data());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout.count()));
    // It is no HTTP that will be spoken: a proxy only connects, and TLS promises none.
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl::allow_protocols(easy, "http,https");
    curl::use_options(easy, options, tls, false);
    if (const auto code = curl_easy_perform(easy); code != CURLE_OK)
        return impl->failed(code);
    const auto code = curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &impl->socket);
    if (code != CURLE_OK || impl->socket == CURL_SOCKET_BAD)
        return fail("", "the connection has no descriptor");
    return TlsStream(std::move(impl));
}

Result<std::size_t> TlsStream::send(std::string_view bytes) {
    if (auto flushed = impl_->flush(); !flushed)
        return std::unexpected(flushed.error());
    std::size_t taken = 0;
    while (impl_->held.empty() && !bytes.empty()) {
        impl_->held = bytes.substr(0, record);
        taken += impl_->held.size();
        bytes.remove_prefix(impl_->held.size());
        if (auto flushed = impl_->flush(); !flushed)
            return std::unexpected(flushed.error());
    }
    return taken;
}

Result<std::size_t> TlsStream::unacknowledged() {
    if (auto flushed = impl_->flush(); !flushed)
        return std::unexpected(flushed.error());
    if (auto open = impl_->look_for_end(); !open)
        return std::unexpected(open.error());
    int queued = 0;
    if (::ioctl(impl_->socket, SIOCOUTQ, &queued) != 0)
        return fail_errno("");
    return static_cast<std::size_t>(queued) + (impl_->held.size() - impl_->held_sent);
}

int TlsStream::fd() const {
    return impl_->socket;
}

} // namespace hostav
