// SPDX-License-Identifier: GPL-2.0-only
//
// Queues: what was pushed comes out once, in order, across crashes; a full spool does what was
// asked for.
#include "ship/queue.h"
#include "ship/spool.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

using namespace hostav;

namespace {

/// Takes at most `most` events.
std::vector<std::string> fill(EventQueue &queue, std::size_t most = 1'000'000) {
    std::vector<std::string> messages;
    const auto filled = queue.fill(
        [&](const Event &event) {
            if (messages.size() >= most)
                return false;
            messages.emplace_back(event.message);
            return true;
        },
        false);
    REQUIRE(filled);
    CHECK(filled->events == messages.size());
    return messages;
}

std::unique_ptr<Spool> open(const tree::Scratch &scratch,
                            const std::optional<std::string> &saved = {},
                            std::uint64_t limit = 1 << 20, WhenFull when_full = WhenFull::wait,
                            const std::function<void(std::uint64_t)> &dropped = {}) {
    auto spool = Spool::open({scratch / "spool", "stdin", limit, when_full, saved, dropped, {}});
    REQUIRE(spool);
    return std::move(*spool);
}

void push(EventQueue &queue, const std::string &message) {
    REQUIRE(queue.push({1000, message, 0}));
}

std::string segment(const tree::Scratch &scratch) {
    for (const auto &entry : std::filesystem::directory_iterator(scratch / "spool"))
        if (entry.path().extension() == ".spool")
            return entry.path();
    return "";
}

} // namespace

TEST_CASE("a queue in memory gives each event until it is delivered, and has a limit") {
    MemoryQueue queue("stdin");
    push(queue, "a");
    push(queue, "b");
    push(queue, "c");
    CHECK(fill(queue, 2) == std::vector<std::string>{"a", "b"});
    CHECK(queue.waiting() == 1);
    queue.delivered();
    push(queue, "d");
    CHECK(fill(queue) == std::vector<std::string>{"c", "d"});
    queue.close();
    CHECK_FALSE(queue.finished());
    queue.delivered();
    CHECK(queue.finished());
    MemoryQueue full("stdin");
    int pushed = 0;
    for (; full.has_room(); ++pushed)
        push(full, std::string(1000, 'x'));
    CHECK(pushed > 1000);
    CHECK(pushed < 10'000);
}

TEST_CASE("a spool gives again what was not delivered, after a restart") {
    const tree::Scratch scratch;
    std::string record;
    {
        const auto spool = open(scratch);
        for (int i = 0; i < 100; ++i)
            push(*spool, "event " + std::to_string(i));
        CHECK(fill(*spool, 40).size() == 40);
        spool->delivered();
        record = spool->record();
        CHECK(fill(*spool, 10).front() == "event 40"); // on their way, when it dies
    }
    const auto spool = open(scratch, record);
    const auto rest = fill(*spool);
    REQUIRE(rest.size() == 60);
    CHECK(rest.front() == "event 40");
    CHECK(rest.back() == "event 99");
    spool->delivered();
    CHECK(spool->waiting() == 0);
    push(*spool, "later");
    CHECK(fill(*spool) == std::vector<std::string>{"later"});
}

TEST_CASE("an event that was cut off while it was written does not come, those before it do") {
    const tree::Scratch scratch;
    {
        const auto spool = open(scratch);
        push(*spool, "whole");
        push(*spool, "torn");
    }
    const auto file = segment(scratch);
    const auto size = std::filesystem::file_size(file);
    for (std::uintmax_t cut = 1; cut <= 24 + 4; ++cut) {
        std::filesystem::resize_file(file, size - cut);
        const auto spool = open(scratch);
        CHECK(fill(*spool) == std::vector<std::string>{"whole"});
        // What comes after is whole again.
        push(*spool, "torn");
    }
    const auto spool = open(scratch);
    CHECK(fill(*spool) == std::vector<std::string>{"whole", "torn"});
}

TEST_CASE("a full spool makes the writer wait, and has room again when something is delivered") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    const std::string message(10'000, 'x');
    while (spool->has_room())
        push(*spool, message);
    CHECK(spool->waiting() >= (1 << 20));
    CHECK(spool->waiting() < (1 << 20) + 20'000);
    CHECK(fill(*spool, 60).size() == 60);
    CHECK_FALSE(spool->has_room());
    spool->delivered();
    CHECK(spool->has_room());
}

TEST_CASE("a full spool drops the oldest where that was asked for, and counts") {
    const tree::Scratch scratch;
    std::uint64_t dropped = 0;
    const auto spool = open(scratch, {}, 1 << 20, WhenFull::drop_oldest,
                            [&dropped](std::uint64_t events) { dropped += events; });
    const std::string filler(10'000, 'x');
    for (int i = 0; i < 300; ++i)
        push(*spool, std::to_string(i) + " " + filler);
    CHECK(spool->has_room());
    CHECK(spool->waiting() <= (1 << 20));
    CHECK(dropped > 0);
    const auto rest = fill(*spool);
    CHECK(rest.size() + dropped == 300);
    CHECK(rest.front().starts_with(std::to_string(dropped) + " "));
    CHECK(rest.back().starts_with("299 "));
}

TEST_CASE("a spool that drops what is on its way does not give it twice") {
    const tree::Scratch scratch;
    const auto spool = open(scratch, {}, 1 << 20, WhenFull::drop_oldest);
    const std::string filler(10'000, 'x');
    for (int i = 0; i < 50; ++i)
        push(*spool, std::to_string(i) + " " + filler);
    CHECK(fill(*spool, 20).size() == 20);
    for (int i = 50; i < 200; ++i)
        push(*spool, std::to_string(i) + " " + filler);
    spool->delivered();
    const auto rest = fill(*spool);
    CHECK(rest.back().starts_with("199 "));
    for (std::size_t i = 1; i < rest.size(); ++i)
        CHECK(std::stoi(rest[i]) == std::stoi(rest[i - 1]) + 1);
}

TEST_CASE("a spool is for its owner's eyes") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    push(*spool, "secret");
    struct stat st = {};
    REQUIRE(::stat((scratch / "spool").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0700);
    REQUIRE(::stat(segment(scratch).c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
    CHECK_FALSE(
        Spool::open({scratch / "none/below", "stdin", 1 << 20, WhenFull::wait, {}, {}, {}}));
}

TEST_CASE("a spool that is shorter than what was delivered of it goes on at its end") {
    const tree::Scratch scratch;
    std::string record;
    {
        const auto spool = open(scratch);
        push(*spool, "one");
        push(*spool, "two, which a power failure takes");
        CHECK(fill(*spool).size() == 2);
        spool->delivered();
        record = spool->record();
    }
    const auto file = segment(scratch);
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
    const auto spool = open(scratch, record);
    CHECK(spool->waiting() == 0);
    push(*spool, "three");
    push(*spool, "four");
    CHECK(fill(*spool) == std::vector<std::string>{"three", "four"});
}

TEST_CASE("a record does not count for another spool in the place of the one before") {
    const tree::Scratch scratch;
    std::string record;
    {
        const auto spool = open(scratch);
        push(*spool, "a long event before");
        CHECK(fill(*spool).size() == 1);
        spool->delivered();
        record = spool->record();
    }
    std::filesystem::remove_all(scratch / "spool");
    {
        const auto spool = open(scratch, record);
        push(*spool, "new");
    }
    const auto spool = open(scratch, record);
    CHECK(fill(*spool) == std::vector<std::string>{"new"});
}

TEST_CASE("a small spool has room again after long events") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    push(*spool, std::string(250'000, 'x'));
    push(*spool, std::string(1'000'000, 'y'));
    CHECK_FALSE(spool->has_room());
    CHECK(fill(*spool).size() == 2);
    spool->delivered();
    CHECK(spool->has_room());
}

TEST_CASE("a spool has one owner") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    const auto second =
        Spool::open({scratch / "spool", "stdin", 1 << 20, WhenFull::wait, {}, {}, {}});
    REQUIRE_FALSE(second);
    CHECK(second.error().text().find("in use") != std::string::npos);
    CHECK(Spool::open({scratch / "spool", "other", 1 << 20, WhenFull::wait, {}, {}, {}}));
}

TEST_CASE("what is damaged in a spool is left out and said, what follows it comes") {
    const tree::Scratch scratch;
    std::uint64_t damaged = 0;
    auto spool = std::move(*Spool::open({scratch / "spool",
                                         "stdin",
                                         1 << 20,
                                         WhenFull::wait,
                                         {},
                                         {},
                                         [&damaged](std::uint64_t bytes) { damaged += bytes; }}));
    push(*spool, "first");
    push(*spool, "second");
    {
        const Fd fd(::open(segment(scratch).c_str(), O_WRONLY));
        REQUIRE(::pwrite(fd.get(), "X", 1, 24 + 5 + 24) == 1); // in the text of the second
    }
    push(*spool, "third");
    CHECK(fill(*spool) == std::vector<std::string>{"first"});
    spool->delivered();
    CHECK(damaged == 24 + 6 + 24 + 5);
    CHECK(spool->waiting() == 0); // or who waits for its end waits for ever
    push(*spool, "fourth");
    CHECK(fill(*spool) == std::vector<std::string>{"fourth"});
}

TEST_CASE("what a segment could not be opened for is not delivered, and comes later") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    for (int i = 0; i < 4; ++i)
        push(*spool, std::to_string(i) + std::string(200'000, 'x'));
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(scratch / "spool"))
        if (entry.path().extension() == ".spool")
            files.push_back(entry.path());
    std::ranges::sort(files);
    REQUIRE(files.size() == 2);
    std::filesystem::rename(files[1], scratch / "away");
    CHECK_FALSE(spool->fill([](const Event &) { return true; }, false));
    std::filesystem::rename(scratch / "away", files[1]);
    CHECK(fill(*spool).size() == 4);
}

TEST_CASE("what does not go on the disk is held until it does") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    push(*spool, "before");
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
    const rlimit small{40, old.rlim_max}; // as a full disk: half a frame still fits
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    push(*spool, "while it is full");
    push(*spool, "and another");
    const bool room = spool->has_room();
    const bool synced = spool->sync().has_value();
    const auto unkept = spool->unkept();
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &old) == 0);
    ::signal(SIGXFSZ, handler);
    CHECK_FALSE(room);
    CHECK_FALSE(synced);
    CHECK(unkept == std::string("while it is fulland another").size());
    CHECK(spool->sync());
    CHECK(spool->unkept() == 0);
    CHECK(fill(*spool) == std::vector<std::string>{"before", "while it is full", "and another"});
    CHECK(spool->has_room());
}

TEST_CASE("how much waits can be asked from outside") {
    const tree::Scratch scratch;
    const auto spool = open(scratch);
    push(*spool, "delivered");
    push(*spool, "waits");
    CHECK(fill(*spool, 1) == std::vector<std::string>{"delivered"});
    SpoolOptions outside;
    outside.directory = scratch / "spool";
    outside.name = "stdin";
    const auto all = Spool::backlog(outside);
    spool->delivered();
    outside.saved = spool->record();
    const auto rest = Spool::backlog(outside);
    REQUIRE(all);
    REQUIRE(rest);
    CHECK(*rest == spool->waiting());
    CHECK(*rest > 0);
    CHECK(*rest < *all);
    outside.directory = scratch / "nowhere";
    CHECK_FALSE(Spool::backlog(outside));
}
