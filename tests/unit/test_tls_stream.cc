// SPDX-License-Identifier: GPL-2.0-only
//
// TLS as HttpClient and TlsStream speak it: whom they trust, through a proxy, and the end of a
// stream. The other side is tests/support/tls-double.
#include "base/fd.h"
#include "net/http_client.h"
#include "net/tls_stream.h"
#include "tests/support/aws.h"
#include "tests/support/catch.h"
#include "tests/support/http_double.h"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <sys/wait.h>

using namespace hostav;
using namespace std::chrono_literals;

namespace {

/// Whether the other side can be played here; says so where it cannot.
bool can_play() {
    const auto there = [](const char *program) {
        const std::array<std::filesystem::path, 3> folders = {"/usr/bin", "/usr/local/bin", "/bin"};
        return std::ranges::any_of(folders, [program](const auto &folder) {
            return std::filesystem::exists(folder / program);
        });
    };
    const bool can = there("python3") && there("openssl");
    if (!can)
        std::fputs("SKIP: TLS needs python3 and openssl\n", stderr);
    return can;
}

/// The script, for as long as this lives.
class TlsDouble {
  public:
    TlsDouble() {
        std::array<int, 2> in{}, out{};
        REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
        REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
        input_.reset(in[1]);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::dup2(in[0], STDIN_FILENO);
            ::dup2(out[1], STDOUT_FILENO);
            ::execl("tests/support/tls-double", "tls-double", directory.path(".").c_str(), nullptr);
            ::_exit(127);
        }
        ::close(in[0]);
        ::close(out[1]);
        const std::unique_ptr<FILE, int (*)(FILE *)> lines(::fdopen(out[0], "r"), std::fclose);
        REQUIRE(std::fscanf(lines.get(), "%hu %hu %hu %hu %hu", &https, &proxy, &other, &old,
                            &sink) == 5);
        trusting.ca_bundle = directory.path("ca.pem");
    }
    ~TlsDouble() {
        input_.reset();
        ::waitpid(pid_, nullptr, 0);
    }
    TlsDouble(const TlsDouble &) = delete;
    TlsDouble &operator=(const TlsDouble &) = delete;

    aws_test::Directory directory;
    std::uint16_t https = 0, proxy = 0, other = 0, old = 0, sink = 0;
    HttpClientOptions trusting;

    [[nodiscard]] std::string read(const std::string &name) const {
        std::stringstream text;
        text << std::ifstream(directory.path(name)).rdbuf();
        return text.str();
    }
    /// Waits until a file holds `text`, a minute at most.
    [[nodiscard]] bool comes(const std::string &name, const std::string &text) const {
        for (int i = 0; i < 6000; ++i) {
            if (read(name).find(text) != std::string::npos)
                return true;
            ::poll(nullptr, 0, 10);
        }
        return false;
    }

  private:
    Fd input_;
    pid_t pid_ = -1;
};

HttpResponse ask(const HttpClientOptions &options, const std::string &host, std::uint16_t port) {
    HttpClient client(options);
    HttpRequest request;
    request.url = "https://" + host + ":" + std::to_string(port) + "/path";
    request.body = "body";
    return client.perform(std::move(request));
}

/// What the stream still has to send, when it has sent it or failed; a minute at most.
Result<std::size_t> settled(TlsStream &stream) {
    for (int i = 0; i < 6000; ++i) {
        auto left = stream.unacknowledged();
        if (!left || *left == 0)
            return left;
        ::poll(nullptr, 0, 10);
    }
    return fail("", "never acknowledged");
}

} // namespace

TEST_CASE("HTTPS: only to whom the authority vouches for, by TLS 1.2 or later", "[tls]") {
    if (!can_play())
        return;
    const TlsDouble peer;
    CHECK(ask(peer.trusting, "127.0.0.1", peer.https).body == "POST /path body");
    CHECK(ask(peer.trusting, "localhost", peer.https).status == 200);

    const auto unknown = ask({}, "127.0.0.1", peer.https);
    CHECK(unknown.status == 0);
    CHECK_FALSE(unknown.sent);
    CHECK(unknown.why.find("certificate") != std::string::npos);

    const auto other = ask(peer.trusting, "127.0.0.1", peer.other);
    CHECK(other.status == 0);
    CHECK_FALSE(other.sent);

    CHECK(ask(peer.trusting, "127.0.0.1", peer.old).status == 0);

    auto absent = peer.trusting;
    absent.ca_bundle += ".none";
    CHECK(ask(absent, "127.0.0.1", peer.https).status == 0);
}

TEST_CASE("HTTPS through a proxy: CONNECT, and TLS with the server itself", "[tls]") {
    if (!can_play())
        return;
    const TlsDouble peer;
    auto options = peer.trusting;
    options.https_proxy = "http://127.0.0.1:" + std::to_string(peer.proxy);
    const auto response = ask(options, "localhost", peer.https);
    CHECK(response.body == "POST /path body");
    CHECK(response.header("x-of-proxy").empty());
    CHECK(peer.read("connects") == "CONNECT localhost:" + std::to_string(peer.https) + "\n");
    options.no_proxy = "localhost";
    CHECK(ask(options, "localhost", peer.https).status == 200);
    CHECK(peer.read("connects") == "CONNECT localhost:" + std::to_string(peer.https) + "\n");
}

TEST_CASE("a TLS stream carries bytes until the other side closes it", "[tls][stream]") {
    if (!can_play())
        return;
    const TlsDouble peer;
    auto options = peer.trusting;
    const bool by_proxy = GENERATE(false, true);
    if (by_proxy)
        options.https_proxy = "http://127.0.0.1:" + std::to_string(peer.proxy);
    auto stream = TlsStream::connect("127.0.0.1", peer.sink, true, options, 10s);
    REQUIRE(stream);
    CHECK(stream->fd() >= 0);
    CHECK(stream->send("first line\n") == 11);
    CHECK(settled(*stream) == 0);
    CHECK(peer.comes("sink", "first line\n"));
    CHECK(peer.read("connects").empty() == !by_proxy);
    REQUIRE(stream->send("close\n") == 6);
    Result<std::size_t> left = 0;
    for (int i = 0; i < 6000 && left; ++i) {
        ::poll(nullptr, 0, 10);
        left = stream->unacknowledged();
    }
    REQUIRE_FALSE(left);
    CHECK(left.error().why == "the other side closed the connection");
}

TEST_CASE("a TLS stream that nobody may trust does not come about", "[tls][stream]") {
    if (!can_play())
        return;
    const TlsDouble peer;
    const auto stream = TlsStream::connect("127.0.0.1", peer.sink, true, {}, 10s);
    REQUIRE_FALSE(stream);
    CHECK(stream.error().why.find("certificate") != std::string::npos);
}

TEST_CASE("a stream whose reader stands still takes no more, and loses nothing", "[tls][stream]") {
    const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr *>(&address), size) == 0);
    REQUIRE(::listen(listening.get(), 1) == 0);
    ::getsockname(listening.get(), reinterpret_cast<sockaddr *>(&address), &size);
    auto stream = TlsStream::connect("127.0.0.1", ntohs(address.sin_port), false, {}, 10s);
    REQUIRE(stream);
    const Fd reader(::accept(listening.get(), nullptr, nullptr));

    std::string all(64 << 20, '\0');
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<char>(i * 2654435761U >> 24);
    const auto first = stream->send(all);
    REQUIRE(first);
    std::size_t taken = *first;
    CHECK(taken < all.size());
    CHECK(stream->send(std::string_view(all).substr(taken)) == 0);
    const auto waiting = stream->unacknowledged();
    REQUIRE(waiting);
    CHECK(*waiting > 0);
    CHECK(*waiting <= taken);

    std::string got;
    std::vector<char> piece(1 << 20);
    while (got.size() < all.size()) {
        pollfd entry{reader.get(), POLLIN, 0};
        const auto sent = stream->send(std::string_view(all).substr(taken));
        REQUIRE(sent);
        taken += *sent;
        REQUIRE(stream->unacknowledged());
        if (::poll(&entry, 1, 10) <= 0)
            continue;
        const auto size_read = ::read(reader.get(), piece.data(), piece.size());
        REQUIRE(size_read > 0);
        got.append(piece.data(), static_cast<std::size_t>(size_read));
    }
    CHECK(got == all);
    CHECK(settled(*stream) == 0);
}

TEST_CASE("a stream that nobody takes has an end", "[tls][stream]") {
    std::uint16_t port = 0;
    {
        const HttpDouble gone([](const HttpDouble::Request &) { return HttpDouble::close; });
        port = gone.port();
    }
    const auto refused = TlsStream::connect("127.0.0.1", port, false, {}, 10s);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why.find(std::to_string(port)) != std::string::npos);
    // A server that accepts and then says nothing: the handshake ends.
    HttpDouble silent([](const HttpDouble::Request &) { return HttpDouble::hang; });
    CHECK_FALSE(TlsStream::connect("127.0.0.1", silent.port(), true, {}, 300ms));
}
