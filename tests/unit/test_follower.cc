// SPDX-License-Identifier: GPL-2.0-only
//
// Following one file: growth, positions, half lines, what is no file.
#include "tests/support/catch.h"
#include "tests/support/follow.h"

using namespace hostav;
using namespace follow;

TEST_CASE("lines of a file arrive as it grows, each once", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, "one\ntwo\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(2));
    append(log, "three\n");
    CHECK(owner.run(3));
    append(log, "four\nfive\n");
    CHECK(owner.all(5) == Lines{"one", "two", "three", "four", "five"});
    CHECK(owner.complaints.empty());
}

TEST_CASE("a restart goes on where delivery ended", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 5));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(5));
    owner.stop();
    append(log, numbered("b", 1, 3));
    owner.start();
    CHECK(owner.all(8) == tree::split(numbered("a", 1, 5) + numbered("b", 1, 3)));
}

TEST_CASE("what was filled and not delivered comes again", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 9));
    Owner owner(log);
    owner.start();
    Input &input = *owner.follower().inputs().at(0);
    const std::string before = input.record();
    std::size_t taken = 0;
    const auto filled = input.fill([&](const Event &) { return ++taken <= 4; }, true);
    REQUIRE(filled.has_value());
    CHECK(filled->events == 4);
    CHECK(filled->refused);
    CHECK(input.record() == before);
    input.delivered();
    CHECK(input.record() != before);
    owner.records[input.key()] = input.record();
    owner.restart();
    CHECK(owner.all(5) == tree::split(numbered("a", 5, 9)));
}

TEST_CASE("a renamed file is read to its end before the one that took its name", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    Fd writer = open_log(log);
    append(writer, "1\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    append(writer, "2\n");
    rename(log, log + ".1");
    append(writer, "3\n");
    append(log, "4\n");
    CHECK(owner.run(4));
    append(writer, "late\n"); // its writer does not know yet
    CHECK(owner.run(5));
    append(log, "5\n");
    CHECK(owner.all(6) == Lines{"1", "2", "3", "4", "late", "5"});
}
