// SPDX-License-Identifier: GPL-2.0-only
//
// Rotation while the follower runs. Whoever writes may notice late, the follower too.
#include "tests/support/catch.h"
#include "tests/support/follow.h"

using namespace hostav;
using namespace follow;

namespace {

/// Bytes enough that an anchor is whole.
std::string long_lines(const std::string &prefix, int first, int last) {
    return numbered(prefix + std::string(60, '.'), first, last);
}

} // namespace

TEST_CASE("copytruncate, noticed while the file is shorter than before", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 20));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(20));
    append(log, "unread\n");
    copy_truncate(log, log + ".1");
    append(log, "new 1\n");
    CHECK(owner.run(22));
    append(log, "new 2\n");
    CHECK(owner.all(23) == tree::split(numbered("a", 1, 20) + "unread\nnew 1\nnew 2\n"));
    CHECK(owner.complaints.empty());
}

TEST_CASE("copytruncate, noticed when the new content is longer than the old", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 20));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(20));
    append(log, "unread\n");
    copy_truncate(log, log + ".1");
    append(log, numbered("b", 1, 100));
    CHECK(owner.all(121) == tree::split(numbered("a", 1, 20) + "unread\n" + numbered("b", 1, 100)));
}

TEST_CASE("copytruncate with the same first lines, shorter and longer", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    const std::string heading = "date;what\n";
    for (const int lines : {3, 100}) {
        append(log, heading + numbered("a", 1, 20));
        Owner owner(log);
        owner.start();
        CHECK(owner.run(21));
        append(log, "unread\n");
        copy_truncate(log, log + ".1");
        append(log, heading + numbered("b", 1, lines));
        CHECK(owner.all(23 + static_cast<std::size_t>(lines)) ==
              tree::split(heading + numbered("a", 1, 20) + "unread\n" + heading +
                          numbered("b", 1, lines)));
        remove(log);
        remove(log + ".1");
    }
}

TEST_CASE("copytruncate before anything was read", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, "");
    Owner owner(log);
    owner.start();
    append(log, numbered("a", 1, 5));
    owner.work(); // seen, not read
    append(log, numbered("b", 1, 5));
    copy_truncate(log, log + ".1");
    append(log, numbered("c", 1, 5));
    CHECK(owner.all(15) ==
          tree::split(numbered("a", 1, 5) + numbered("b", 1, 5) + numbered("c", 1, 5)));
}

TEST_CASE("copytruncate between filling and delivery repeats and loses nothing", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 20));
    Owner owner(log);
    owner.start();
    Input &input = *owner.follower().inputs().at(0);
    Lines got;
    const auto take = [&](const Event &event) {
        if (got.size() == 7)
            return false;
        got.emplace_back(event.message);
        return true;
    };
    REQUIRE(input.fill(take, false).has_value());
    copy_truncate(log, log + ".1");
    append(log, numbered("b", 1, 60));
    owner.work();
    input.delivered();
    owner.records[input.key()] = input.record();
    owner.restart();
    CHECK(owner.all(73) == tree::split(numbered("a", 8, 20) + numbered("b", 1, 60)));
    CHECK(got == tree::split(numbered("a", 1, 7)));
}

TEST_CASE("a copy that was compressed at once is found", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, long_lines("a", 1, 20));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(20));
    append(log, long_lines("unread", 1, 30));
    copy_truncate(log, log + ".1");
    compress(log + ".1");
    append(log, "new\n");
    CHECK(owner.all(51) ==
          tree::split(long_lines("a", 1, 20) + long_lines("unread", 1, 30) + "new\n"));
}

TEST_CASE("what is cut without a copy is said to be lost", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 5));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(5));
    append(log, "never seen\n");
    owner.work();
    ::poll(nullptr, 0, 60); // inotify's pause: the growth is known now
    owner.work();
    tree::must(::truncate(log.c_str(), 0) == 0, log);
    append(log, "new\n");
    CHECK(owner.all(6) == tree::split(numbered("a", 1, 5) + "new\n"));
    CHECK(owner.complaints ==
          Lines{log + ": was cut, and nobody has the 11 bytes that were not read yet"});
}

TEST_CASE("several rotations between two looks, of both styles", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, "1\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    append(log, "2\n");
    rename(log, log + ".1");
    append(log, "3\n");
    rename(log + ".1", log + ".2");
    copy_truncate(log, log + ".1");
    append(log, "4\n");
    rename(log + ".2", log + ".3");
    rename(log + ".1", log + ".2");
    rename(log, log + ".1");
    append(log, "5\n");
    CHECK(owner.all(5) == Lines{"1", "2", "3", "4", "5"});
    CHECK(owner.complaints.empty());
}

TEST_CASE("cut and then renamed between two looks", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 9));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(9));
    append(log, "x\n");
    copy_truncate(log, log + "-20260101");
    append(log, numbered("b", 1, 30));
    rename(log, log + "-20260102");
    append(log, "c\n");
    CHECK(owner.all(41) == tree::split(numbered("a", 1, 9) + "x\n" + numbered("b", 1, 30) + "c\n"));
}

TEST_CASE("a deleted file is read to its end, and what takes its name from its start",
          "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    const Fd writer = open_log(log);
    append(writer, "1\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    append(writer, "2\n");
    remove(log);
    append(writer, "3\n");
    CHECK(owner.run(3));
    append(log, "4\n");
    CHECK(owner.all(4) == Lines{"1", "2", "3", "4"});
}

TEST_CASE("an input whose file is gone ends, and its record with it", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, "1\nhalf");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    CHECK(owner.records.size() == 1);
    remove(log);
    CHECK(owner.run([&] { return owner.follower().inputs().empty(); }));
    CHECK(owner.records.empty());
    CHECK(owner.lines == Lines{"1", "half"});
    append(log, "2\n");
    CHECK(owner.all(3) == Lines{"1", "half", "2"});
}

TEST_CASE("a link that moves on to another file", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "current";
    append(scratch / "app-1.log", "1\n");
    tree::link("app-1.log", log);
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    append(scratch / "app-1.log", "2\n");
    append(scratch / "app-2.log", "3\n");
    tree::link("app-2.log", log + ".new");
    rename(log + ".new", log);
    CHECK(owner.run(3));
    append(scratch / "app-1.log", "late\n");
    CHECK(owner.run(4));
    append(scratch / "app-2.log", "4\n");
    CHECK(owner.all(5) == Lines{"1", "2", "3", "late", "4"});
}

TEST_CASE("a file rotated behind a link in another directory", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    tree::directory(scratch / "data");
    append(scratch / "data/real.log", numbered("a", 1, 9));
    tree::link("data/real.log", log);
    Owner owner(log);
    owner.start();
    CHECK(owner.run(9));
    append(scratch / "data/real.log", "unread\n");
    copy_truncate(scratch / "data/real.log", scratch / "data/real.log.1");
    append(scratch / "data/real.log", "new\n");
    CHECK(owner.all(11) == tree::split(numbered("a", 1, 9) + "unread\nnew\n"));
}

TEST_CASE("logrotate's olddir: rotated files go into a directory below", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    tree::directory(scratch / "old");
    append(log, numbered("a", 1, 9));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(9));
    append(log, "1\n");
    rename(log, scratch / "old/app.log.2");
    append(log, "2\n");
    rename(log, scratch / "old/app.log.1");
    append(log, "3\n");
    CHECK(owner.all(12) == tree::split(numbered("a", 1, 9) + "1\n2\n3\n"));
}

TEST_CASE("an editor's new file with the same beginning is no rotation", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, long_lines("a", 1, 20));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(20));
    tree::file(log + "~tmp", content(log) + "more\n");
    rename(log + "~tmp", log);
    CHECK(owner.run(21));
    append(log, "end\n");
    CHECK(owner.all(22) == tree::split(long_lines("a", 1, 20) + "more\nend\n"));
}

TEST_CASE("a rotation that is taken back repeats nothing", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 5));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(5));
    rename(log, log + ".1");
    append(log, "b\n");
    CHECK(owner.run(6));
    rename(log + ".1", log);
    append(log, "c\n");
    CHECK(owner.all(7) == tree::split(numbered("a", 1, 5) + "b\nc\n"));
}

TEST_CASE("a batch holds one file only, and says that the next one waits", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, "1\n2\n");
    Owner owner(log);
    owner.waits.event_end = 0ms;
    owner.start();
    rename(log, log + ".1");
    append(log, "3\n4\n");
    owner.work();
    ::poll(nullptr, 0, 60);
    owner.work();
    Input &input = *owner.follower().inputs().at(0);
    Lines got;
    const auto take = [&](const Event &event) {
        got.emplace_back(event.message);
        return true;
    };
    auto filled = input.fill(take, false);
    REQUIRE(filled.has_value());
    CHECK(got == Lines{"1", "2"});
    CHECK(filled->again);
    input.delivered();
    filled = input.fill(take, false);
    REQUIRE(filled.has_value());
    CHECK(got == Lines{"1", "2", "3", "4"});
    CHECK_FALSE(filled->again);
}
