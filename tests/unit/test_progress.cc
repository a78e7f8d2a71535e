// SPDX-License-Identifier: GPL-2.0-only
//
// The line is drawn on a real pseudo terminal and read back from its other end.
#include "base/fd.h"
#include "base/text.h"
#include "scan/progress.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <pty.h>
#include <string>
#include <termios.h>

using namespace hostav;

namespace {

struct Terminal {
    Fd master, slave;

    explicit Terminal(unsigned short columns) {
        winsize size{};
        size.ws_col = columns;
        size.ws_row = 24;
        int master_fd = -1;
        int slave_fd = -1;
        if (openpty(&master_fd, &slave_fd, nullptr, nullptr, &size) != 0)
            return;
        master.reset(master_fd);
        slave.reset(slave_fd);
        termios settings{};
        tcgetattr(slave_fd, &settings);
        cfmakeraw(&settings);
        tcsetattr(slave_fd, TCSANOW, &settings);
        fcntl(master_fd, F_SETFL, O_NONBLOCK);
    }
    [[nodiscard]] bool missing() const {
        if (!slave)
            std::fputs("SKIP: no pseudo terminals here\n", stderr);
        return !slave;
    }
    /// All that was written to the terminal since the last call.
    [[nodiscard]] std::string text() const {
        std::string all;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = read(master.get(), part.data(), part.size())) > 0;)
            all.append(part.data(), static_cast<std::size_t>(got));
        return all;
    }
};

const std::string wipe = "\r\033[K";

/// What one drawing put between the carriage return and the wipe of the rest.
std::string line_of(const std::string &drawn) {
    REQUIRE(drawn.starts_with("\r"));
    REQUIRE(drawn.ends_with("\033[K"));
    return drawn.substr(1, drawn.size() - 4);
}

std::string drawn_path(unsigned short columns, const std::string &path) {
    const Terminal terminal(columns);
    Progress progress(terminal.slave.get(), true);
    progress.files(1, 0, path);
    return line_of(terminal.text());
}

/// The text with each number as one 9.
std::string shape(const std::string &text) {
    std::string result;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit || !result.ends_with('9'))
            result += digit ? '9' : c;
    }
    return result;
}

std::size_t characters(const std::string &text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace

TEST_CASE("progress: draws nothing where it must not", "[progress]") {
    const Terminal terminal(80);
    if (terminal.missing())
        return;
    {
        Progress disabled(terminal.slave.get(), false);
        CHECK_FALSE(disabled.active());
        disabled.step("Loading", 1, 2);
        disabled.files(1, 1, "x");
        disabled.clear();
    }
    CHECK(terminal.text().empty());

    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
    const Fd from(ends[0]);
    const Fd to(ends[1]);
    {
        Progress piped(to.get(), true);
        CHECK_FALSE(piped.active());
        piped.step("Loading", 1, 2);
        piped.files(1, 1, "x");
    }
    char byte = 0;
    CHECK(read(from.get(), &byte, 1) == -1);
}

TEST_CASE("progress: a bar while signatures load", "[progress]") {
    const Terminal terminal(80);
    if (terminal.missing())
        return;
    {
        Progress progress(terminal.slave.get(), true);
        CHECK(progress.active());
        progress.step("Loading signatures", 2000, 8000);
        CHECK(line_of(terminal.text()) ==
              "Loading signatures [======>                  ] 2000/8000");
    }
    CHECK(terminal.text() == wipe);
    {
        Progress progress(terminal.slave.get(), true);
        progress.step("Compiling", 9, 8);
        CHECK(line_of(terminal.text()) == "Compiling [=========================] 9/8");
    }
    CHECK(terminal.text() == wipe);
    Progress progress(terminal.slave.get(), true);
    progress.step("Compiling", 0, 0);
    CHECK(line_of(terminal.text()) == "Compiling");
}

TEST_CASE("progress: files, rates and the path", "[progress]") {
    const Terminal terminal(80);
    if (terminal.missing())
        return;
    Progress progress(terminal.slave.get(), true);
    progress.files(1234567, std::uint64_t{3} << 30, "dir/na\nme");
    const std::string line = line_of(terminal.text());
    // The rates depend on the clock; their shape does not.
    CHECK(line.starts_with("1,234,567 files, "));
    CHECK(shape(line) == "9,9,9 files, 9/s, 9.9 MB/s: dir/na\\nme");
}

TEST_CASE("progress: the line never reaches the last column", "[progress]") {
    if (Terminal(80).missing())
        return;
    const std::string end = "/the-end";
    const std::string ascii = drawn_path(60, std::string(300, 'x') + end);
    CHECK(ascii.size() == 59);
    CHECK(ascii.ends_with("x" + end));
    CHECK(ascii.find(": ...x") != std::string::npos);

    // Cut between characters; each may be two columns wide.
    std::string name;
    for (int i = 0; i < 100; ++i)
        name += "語";
    for (unsigned short columns = 1; columns < 60; ++columns) {
        const std::string wide = drawn_path(columns, name);
        CHECK(is_utf8(wide));
        const std::size_t three_bytes = (wide.size() - characters(wide)) / 2;
        const std::size_t used = characters(wide) + three_bytes;
        CHECK(used + 1 <= columns);
        if (columns >= 50) { // room for more than the numbers
            CHECK(three_bytes > 0);
            CHECK(used + 2 >= columns);
        }
    }
    CHECK(drawn_path(0, std::string(300, 'x')).size() == 79); // a terminal of unknown width
}

TEST_CASE("progress: clear takes the line away, once", "[progress]") {
    const Terminal terminal(80);
    if (terminal.missing())
        return;
    Progress progress(terminal.slave.get(), true);
    progress.clear();
    CHECK(terminal.text().empty());
    progress.files(1, 0, "a");
    CHECK_FALSE(line_of(terminal.text()).empty());
    progress.clear();
    progress.clear();
    CHECK(terminal.text() == wipe);
}

TEST_CASE("progress: at most ten drawings a second", "[progress]") {
    const Terminal terminal(80);
    if (terminal.missing())
        return;
    const auto begin = std::chrono::steady_clock::now();
    Progress progress(terminal.slave.get(), true);
    std::string text;
    for (std::uint64_t i = 1; i <= 2000; ++i) {
        progress.files(i, i, "a");
        if (i % 100 == 0)
            text += terminal.text();
    }
    const auto elapsed = std::chrono::steady_clock::now() - begin;
    const auto drawings = std::ranges::count(text, '\r');
    CHECK(drawings >= 1);
    CHECK(drawings <= 1 + elapsed / std::chrono::milliseconds(100));
}

TEST_CASE("progress: a terminal that is gone ends it", "[progress]") {
    Terminal terminal(80);
    if (terminal.missing())
        return;
    Progress progress(terminal.slave.get(), true);
    REQUIRE(progress.active());
    terminal.master.reset();
    progress.files(1, 0, "a");
    CHECK_FALSE(progress.active());
}
