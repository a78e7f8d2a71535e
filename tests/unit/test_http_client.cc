// SPDX-License-Identifier: GPL-2.0-only
//
// HttpClient against a real server of ours on loopback: what is sent, what comes back, and every
// way in which an answer may fail to come.
#include "net/http_client.h"
#include "net/http_date.h"
#include "tests/support/catch.h"
#include "tests/support/http_double.h"

#include <fcntl.h>
#include <sys/eventfd.h>

using namespace hostav;
using namespace std::chrono_literals;

namespace {

HttpRequest post(const std::string &url, std::string body) {
    HttpRequest request;
    request.url = url;
    request.headers = {"Content-Type: application/json", "X-Two:  a  b "};
    request.body = std::move(body);
    return request;
}

HttpRequest get(const std::string &url) {
    HttpRequest request;
    request.method = "GET";
    request.url = url;
    return request;
}

/// Drives the client until nothing runs any more; a minute at most.
void drive(HttpClient &client) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (client.running() > 0 && std::chrono::steady_clock::now() < end)
        REQUIRE(client.wait({}, 100ms));
    REQUIRE(client.running() == 0);
}

} // namespace

TEST_CASE("a request arrives as it was made, and its answer comes back", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &request) {
        return HttpDouble::answer(201, "got " + request.body, "X-Amzn-Thing:  v1 \r\n");
    });
    HttpClientOptions options;
    options.user_agent = "hostav-test/1";
    HttpClient client(options);
    const auto body = std::string("{\"a\":\0 1}", 9);
    const auto response = client.perform(post(server.url("/p?q=1"), body));
    CHECK(response.status == 201);
    CHECK(response.body == "got " + body);
    CHECK(response.header("x-amzn-thing") == "v1");
    CHECK(response.header("absent").empty());
    CHECK(response.why.empty());
    CHECK(response.sent);
    CHECK(response.request_body == body);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].method == "POST");
    CHECK(requests[0].path == "/p?q=1");
    CHECK(requests[0].body == body);
    CHECK(requests[0].header("content-type") == "application/json");
    CHECK(requests[0].header("user-agent") == "hostav-test/1");
    CHECK(requests[0].header("host") == "127.0.0.1:" + std::to_string(server.port()));
    CHECK_FALSE(requests[0].headers.contains("expect"));
}

TEST_CASE("GET has no body, PUT may have an empty one, a large POST waits for no 100",
          "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) { return HttpDouble::answer(200, "ok"); });
    HttpClient client({});
    auto put = get(server.url("/token"));
    put.method = "PUT";
    CHECK(client.perform(put).status == 200);
    CHECK(client.perform(get(server.url("/value"))).status == 200);
    const std::string large(3 << 20, 'x');
    CHECK(client.perform(post(server.url("/large"), large)).status == 200);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].method == "PUT");
    CHECK(requests[0].header("content-length") == "0");
    CHECK_FALSE(requests[0].headers.contains("content-type"));
    CHECK(requests[1].method == "GET");
    CHECK_FALSE(requests[1].headers.contains("content-length"));
    CHECK(requests[2].body == large);
    CHECK_FALSE(requests[2].headers.contains("expect"));
    CHECK(server.connections() == 1); // used again
}

TEST_CASE("several run at once, each told once, cancelled ones never", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &request) {
        return request.path == "/hang" ? HttpDouble::hang : HttpDouble::answer(200, request.path);
    });
    HttpClient client({});
    std::map<std::string, int> told;
    const auto count = [&told](const HttpResponse &response) { ++told[response.body]; };
    for (int i = 0; i < 5; ++i)
        client.start(get(server.url("/" + std::to_string(i))), count);
    const auto hanging = client.start(get(server.url("/hang")), count);
    CHECK(client.running() == 6);
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (told.size() < 5 && std::chrono::steady_clock::now() < end)
        REQUIRE(client.wait({}, 100ms));
    CHECK(told ==
          std::map<std::string, int>{{"/0", 1}, {"/1", 1}, {"/2", 1}, {"/3", 1}, {"/4", 1}});
    CHECK(client.running() == 1);
    client.cancel(hanging);
    CHECK(client.running() == 0);
    client.cancel(hanging); // of no consequence
}

TEST_CASE("an answer may begin the next request", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) { return HttpDouble::answer(200, "x"); });
    HttpClient client({});
    int rounds = 0;
    std::function<void(HttpResponse)> again = [&](const HttpResponse &response) {
        CHECK(response.status == 200);
        if (++rounds < 4)
            client.start(get(server.url()), again);
    };
    client.start(get(server.url()), again);
    drive(client);
    CHECK(rounds == 4);
    CHECK(server.connections() == 1);
}

TEST_CASE("what others wait for is told by wait() only, also while one is performed",
          "[http-client]") {
    HttpDouble server(
        [](const HttpDouble::Request &request) { return HttpDouble::answer(200, request.path); });
    HttpClient client({});
    bool told = false;
    client.start(get(server.url("/other")), [&told](const HttpResponse &) { told = true; });
    CHECK(client.perform(get(server.url("/mine"))).body == "/mine");
    CHECK_FALSE(told);
    drive(client);
    CHECK(told);
}

TEST_CASE("waiting watches the owner's descriptors, their end as well", "[http-client]") {
    HttpClient client({});
    const Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const Fd reading(pipe[0]);
    Fd writing(pipe[1]);
    std::array<pollfd, 3> also{
        {{event.get(), POLLIN, 0}, {-1, POLLIN, 0}, {reading.get(), POLLIN, 0}}};
    REQUIRE(client.wait(also, 0ms));
    CHECK(also[0].revents == 0);
    const std::uint64_t one = 1;
    REQUIRE(::write(event.get(), &one, sizeof one) == sizeof one);
    REQUIRE(client.wait(also, 60s));
    CHECK(also[0].revents == POLLIN);
    CHECK(also[1].revents == 0);
    CHECK(also[2].revents == 0);
    writing.reset();
    also[0].events = 0;
    REQUIRE(client.wait(also, 60s));
    CHECK(also[2].revents == POLLHUP);
}

TEST_CASE("nobody listens: nothing was sent", "[http-client]") {
    std::uint16_t port = 0;
    {
        const HttpDouble gone([](const HttpDouble::Request &) { return HttpDouble::close; });
        port = gone.port();
    }
    HttpClient client({});
    const auto response =
        client.perform(post("http://127.0.0.1:" + std::to_string(port) + "/", "b"));
    CHECK(response.status == 0);
    CHECK_FALSE(response.sent);
    CHECK_FALSE(response.connect_timed_out);
    CHECK(response.why.find("127.0.0.1 port " + std::to_string(port)) != std::string::npos);
    CHECK(response.request_body == "b");
}

TEST_CASE("a reset before the whole request was read leaves it unsent", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) { return HttpDouble::answer(200, ""); });
    server.reset_after(1);
    HttpClient client({});
    // More than the sockets' buffers hold, so that it cannot have left as a whole.
    const auto response = client.perform(post(server.url(), std::string(32 << 20, 'x')));
    CHECK(response.status == 0);
    CHECK_FALSE(response.sent);
    CHECK_FALSE(response.why.empty());
    CHECK(server.requests().empty());
}

TEST_CASE("a connection that ends after the request was read: it may have been accepted",
          "[http-client]") {
    const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    const auto how = GENERATE_COPY(HttpDouble::reset, HttpDouble::close, half);
    HttpDouble server([&how](const HttpDouble::Request &) { return std::string(how); });
    HttpClient client({});
    auto request = post(server.url(), "body");
    request.timeout = 500ms; // of the one whose rest never comes
    const auto response = client.perform(request);
    CHECK(response.status == 0);
    CHECK(response.sent);
    CHECK_FALSE(response.why.empty());
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a server that does not answer is given up", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) { return HttpDouble::hang; });
    HttpClient client({});
    auto request = post(server.url(), "body");
    SECTION("after the whole's time") {
        request.timeout = 200ms;
    }
    SECTION("when nothing moves") {
        request.stall_timeout = 1s;
    }
    const auto response = client.perform(request);
    CHECK(response.status == 0);
    CHECK(response.sent);
    CHECK_FALSE(response.connect_timed_out);
    CHECK_FALSE(response.why.empty());
}

TEST_CASE("every request has an end, however its answer trickles", "[http-client]") {
    // (That the limit holds is shown above; here, that nobody has to ask for it.)
    CHECK(HttpRequest{}.timeout > 0ms);
    CHECK(HttpRequest{}.timeout <= 5min);
}

TEST_CASE("a server that does not even connect is told apart", "[http-client]") {
    // A full queue of a listener that never accepts: the kernel drops further connections.
    const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listening.get(), reinterpret_cast<sockaddr *>(&address), size) == 0);
    REQUIRE(::listen(listening.get(), 0) == 0);
    ::getsockname(listening.get(), reinterpret_cast<sockaddr *>(&address), &size);
    std::vector<Fd> fill;
    for (int i = 0; i < 4; ++i) {
        fill.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ::connect(fill.back().get(), reinterpret_cast<sockaddr *>(&address), size);
    }
    HttpClient client({});
    auto request = get("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    request.connect_timeout = 200ms;
    const auto response = client.perform(request);
    CHECK(response.status == 0);
    CHECK(response.connect_timed_out);
    CHECK_FALSE(response.sent);
}

TEST_CASE("an answer that is too large fails", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &request) {
        return request.path == "/headers"
                   ? "HTTP/1.1 200 OK\r\nX-Long: " + std::string(90000, 'x') + "\r\n\r\n"
                   : HttpDouble::answer(200, std::string(1001, 'x'));
    });
    HttpClient client({});
    auto request = get(server.url("/body"));
    request.most = 1000;
    auto response = client.perform(request);
    CHECK(response.status == 0);
    CHECK(response.why == "the answer is larger than 1000 bytes");
    request.most = 1001;
    response = client.perform(request);
    CHECK(response.status == 200);
    CHECK(response.body.size() == 1001);
    response = client.perform(get(server.url("/headers")));
    CHECK(response.status == 0);
    CHECK_FALSE(response.why.empty());
}

TEST_CASE("a kept connection that the server has closed is replaced", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) {
        return HttpDouble::answer(200, "x", "Connection: close\r\n") + "";
    });
    HttpDouble silent([](const HttpDouble::Request &request) {
        // The second request of a connection finds it closed.
        static std::map<int, int> count;
        return ++count[request.connection] > 1 ? HttpDouble::close : HttpDouble::answer(200, "y");
    });
    HttpClient client({});
    for (int i = 0; i < 3; ++i) {
        CHECK(client.perform(post(server.url(), "b")).status == 200);
        CHECK(client.perform(post(silent.url(), "b")).status == 200);
    }
    CHECK(server.connections() == 3);
    CHECK(silent.connections() == 3);
}

TEST_CASE("redirects are not followed and other schemes not spoken", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) {
        return HttpDouble::answer(302, "", "Location: /elsewhere\r\n");
    });
    HttpClient client({});
    CHECK(client.perform(get(server.url())).status == 302);
    CHECK(server.requests().size() == 1);
    const auto file = client.perform(get("file:///etc/hostname"));
    CHECK(file.status == 0);
    CHECK(file.body.empty());
    CHECK(file.why.find("file") != std::string::npos);
}

TEST_CASE("a header with a line end is not sent", "[http-client]") {
    HttpDouble server([](const HttpDouble::Request &) { return HttpDouble::answer(200, ""); });
    HttpClient client({});
    auto request = get(server.url());
    request.headers = {"Authorization: a\r\nX-Forged: b"};
    const auto response = client.perform(request);
    CHECK(response.status == 0);
    CHECK(response.why == "a header holds a line end");
    CHECK(server.requests().empty());
}

TEST_CASE("proxies: by scheme, not for direct requests nor named hosts, never the environment's",
          "[http-client]") {
    HttpDouble server(
        [](const HttpDouble::Request &) { return HttpDouble::answer(200, "server"); });
    HttpDouble proxy([](const HttpDouble::Request &) { return HttpDouble::answer(200, "proxy"); });
    HttpClientOptions options;
    SECTION("the environment has one") {
        ::setenv("http_proxy", proxy.url().c_str(), 1);
        HttpClient client(options);
        CHECK(client.perform(get(server.url())).body == "server");
        ::unsetenv("http_proxy");
    }
    SECTION("the options have one") {
        options.http_proxy = proxy.url();
        ::setenv("no_proxy", "*", 1);
        HttpClient client(options);
        CHECK(client.perform(get(server.url("/x"))).body == "proxy");
        CHECK(proxy.requests().at(0).path == server.url("/x"));
        auto direct = get(server.url());
        direct.direct = true;
        CHECK(client.perform(direct).body == "server");
        ::unsetenv("no_proxy");
    }
    SECTION("this host needs none") {
        options.http_proxy = proxy.url();
        options.no_proxy = "example.com,127.0.0.1";
        HttpClient client(options);
        CHECK(client.perform(get(server.url())).body == "server");
    }
    SECTION("it is for https") {
        options.https_proxy = proxy.url();
        HttpClient client(options);
        CHECK(client.perform(get(server.url())).body == "server");
    }
}

TEST_CASE("a URL's parts are as they are sent", "[http-client]") {
    const auto parts = split_url("https://logs.eu-west-1.amazonaws.com");
    REQUIRE(parts);
    CHECK(parts->scheme == "https");
    CHECK(parts->host == "logs.eu-west-1.amazonaws.com");
    CHECK(parts->path == "/");
    CHECK(parts->query.empty());
    CHECK(split_url("https://h:443/")->host == "h");
    CHECK(split_url("http://h:443/a/b?c=d&e#f")->host == "h:443");
    CHECK(split_url("http://h:443/a/b?c=d&e#f")->path == "/a/b");
    CHECK(split_url("http://h:443/a/b?c=d&e#f")->query == "c=d&e");
    CHECK(split_url("http://[fd00:ec2::254]:80/x")->host == "[fd00:ec2::254]");
    for (const auto *bad : {"", "logs", "ftp://h/", "http://", "http://h:port/", "//h"})
        CHECK_FALSE(split_url(bad));
}

TEST_CASE("HTTP's dates", "[http-client]") {
    CHECK(parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT") == 1767323045);
    CHECK_FALSE(parse_http_date("yesterday"));
    CHECK(parse_retry_after("7") == 7);
    CHECK(parse_retry_after("Fri, 02 Jan 2015 03:04:05 GMT") == 0);
    CHECK(parse_retry_after("Fri, 02 Jan 2037 03:04:05 GMT") > 1000);
    CHECK_FALSE(parse_retry_after("soon"));
}
