// SPDX-License-Identifier: GPL-2.0-only
//
// Lists of paths as they arrive through a pipe.
#include "base/path_list.h"
#include "tests/support/catch.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace hostav;
using namespace std::string_literals;

namespace {

struct Pipe {
    Fd in;
    Fd out;
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
        in.reset(ends[0]);
        out.reset(ends[1]);
    }
};

void send_text(const Fd &fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = write(fd.get(), text.data(), text.size());
        if (put <= 0)
            break;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
}

std::vector<std::string> read_list(const std::string &text, char separator) {
    Pipe pipe;
    PathList list(std::move(pipe.in), separator, "list");
    std::thread writer([&] {
        send_text(pipe.out, text);
        pipe.out.reset();
    });
    std::vector<std::string> paths;
    bool good = true;
    while (good && !list.finished()) {
        good = list.fill().has_value();
        while (auto path = list.next())
            paths.push_back(std::move(*path));
    }
    writer.join();
    CHECK(good);
    return paths;
}

using Paths = std::vector<std::string>;

} // namespace

TEST_CASE("lines, with or without CR, the last perhaps unfinished", "[path_list]") {
    CHECK(read_list("", '\n').empty());
    CHECK(read_list("/a\n/b c\n", '\n') == Paths{"/a", "/b c"});
    CHECK(read_list("/a\r\n/b\r\r\n/c\r", '\n') == Paths{"/a", "/b", "/c"});
    CHECK(read_list("a\rb\n/last", '\n') == Paths{"a\rb", "/last"});
    CHECK(read_list("/a\n\n\r\n/b\n", '\n') == Paths{"/a", "", "", "/b"});
    CHECK(read_list("/a\0b\n"s, '\n') == Paths{"/a\0b"s});
}

TEST_CASE("NUL-terminated paths keep every other byte", "[path_list]") {
    CHECK(read_list("/a\n\r\0/b\xff\r\0/last\r"s, '\0') == Paths{"/a\n\r", "/b\xff\r", "/last\r"});
    CHECK(read_list("\0\0"s, '\0') == Paths{"", ""});
}

TEST_CASE("paths longer than a read, and many of them", "[path_list]") {
    Paths expected;
    std::string text;
    for (std::size_t i = 0; i < 20000; ++i) {
        expected.push_back("/" + std::to_string(i) + std::string(i % 97, 'x'));
        if (i % 5000 == 0)
            expected.back() += std::string(200000, 'y');
        text += expected.back() + '\n';
    }
    CHECK(read_list(text, '\n') == expected);
}

TEST_CASE("a path is out before the list has ended", "[path_list]") {
    Pipe pipe;
    PathList list(std::move(pipe.in), '\0', "list");
    CHECK_FALSE(list.next().has_value());
    CHECK_FALSE(list.finished());
    send_text(pipe.out, "/one\0/tw"s);
    REQUIRE(list.fill().has_value());
    CHECK(list.next() == "/one");
    CHECK_FALSE(list.next().has_value());
    send_text(pipe.out, "o\0"s);
    REQUIRE(list.fill().has_value());
    CHECK(list.next() == "/two");
    CHECK_FALSE(list.finished());
    pipe.out.reset();
    REQUIRE(list.fill().has_value());
    CHECK(list.finished());
    CHECK_FALSE(list.next().has_value());
    CHECK(list.fill().has_value());
}

TEST_CASE("an empty non-blocking descriptor is neither an error nor the end", "[path_list]") {
    Pipe pipe;
    REQUIRE(fcntl(pipe.in.get(), F_SETFL, O_NONBLOCK) == 0);
    PathList list(std::move(pipe.in), '\n', "list");
    CHECK(list.fill().has_value());
    CHECK_FALSE(list.finished());
    send_text(pipe.out, "/x\n");
    CHECK(list.fill().has_value());
    CHECK(list.next() == "/x");
}

TEST_CASE("a read error names the list", "[path_list]") {
    PathList list(Fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), '\n', "my list");
    const auto result = list.fill();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().text() == "my list: Is a directory");
    CHECK_FALSE(list.next().has_value());
    CHECK(list.finished());
}

TEST_CASE("half a path before a read error does not come out", "[path_list]") {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    PathList list(Fd(ends[0]), '\n', "list");
    Fd peer(ends[1]);
    send_text(peer, "/whole\n/etc");
    REQUIRE(write(list.fd(), "x", 1) == 1); // left unread: closing the peer is then a reset
    peer.reset();
    REQUIRE(list.fill().has_value());
    CHECK(list.next() == "/whole");
    CHECK_FALSE(list.next().has_value());
    CHECK(list.fill().error().why == "Connection reset by peer");
    CHECK_FALSE(list.next().has_value());
    CHECK(list.finished());
}

TEST_CASE("a list without separators ends in an error, not in all memory", "[path_list]") {
    PathList list(Fd(open("/dev/zero", O_RDONLY | O_CLOEXEC)), '\n', "zero");
    Result<void> result;
    for (int reads = 0; result && reads < 1000; ++reads) {
        result = list.fill();
        REQUIRE_FALSE(list.next().has_value());
    }
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().text() == "zero: a path of more than 16 MiB");
    CHECK(list.finished());
}
