// SPDX-License-Identifier: GPL-2.0-only
//
// Rotation while nobody looks: the follower ends, files move, a new one begins with the records.
#include "tests/support/catch.h"
#include "tests/support/follow.h"

#include <filesystem>

using namespace hostav;
using namespace follow;

namespace {

struct Stopped {
    tree::Scratch scratch;
    std::string log = scratch / "app.log";
    Owner owner{log};
    /// Twenty lines are delivered, two more are not.
    Stopped() {
        append(log, numbered("a", 1, 20));
        owner.start();
        tree::must(owner.run(20), "start");
        owner.stop();
        append(log, "u1\nu2\n");
    }
    Lines expected(const std::string &more) const {
        return tree::split(numbered("a", 1, 20) + "u1\nu2\n" + more);
    }
};

} // namespace

TEST_CASE("restart after a rename", "[follower]") {
    Stopped test;
    rename(test.log, test.log + ".1");
    append(test.log, "b\n");
    test.owner.start();
    CHECK(test.owner.all(23) == test.expected("b\n"));
    CHECK(test.owner.complaints.empty());
}

TEST_CASE("restart after a rename, the new file is not there yet", "[follower]") {
    Stopped test;
    rename(test.log, test.log + ".1");
    test.owner.start();
    CHECK(test.owner.run(22));
    append(test.log, "b\n");
    CHECK(test.owner.all(23) == test.expected("b\n"));
}

TEST_CASE("restart after several renames, some compressed", "[follower]") {
    Stopped test;
    rename(test.log, test.log + ".1");
    append(test.log, numbered("b", 1, 3));
    compress(test.log + ".1");
    rename(test.log + ".1.gz", test.log + ".2.gz");
    rename(test.log, test.log + ".1");
    append(test.log, numbered("c", 1, 3));
    compress(test.log + ".1");
    rename(test.log + ".2.gz", test.log + ".3.gz");
    rename(test.log + ".1.gz", test.log + ".2.gz");
    rename(test.log, test.log + ".1");
    append(test.log, "d\n");
    test.owner.most = 2; // of a gzip file, piece by piece
    test.owner.start();
    CHECK(test.owner.all(29) == test.expected("b1\nb2\nb3\nc1\nc2\nc3\nd\n"));
    CHECK(test.owner.complaints.empty());
    test.owner.restart();
    CHECK(test.owner.all(29).size() == 29);
}

TEST_CASE("restart after dated rotations, as logrotate's dateext and clamd name them",
          "[follower]") {
    for (const bool clamd : {false, true}) {
        Stopped test;
        const auto name = [&](const std::string &date) {
            return clamd ? test.scratch / ("app-" + date + "_154203.log") : test.log + "-" + date;
        };
        rename(test.log, name("20260101"));
        append(test.log, "b\n");
        rename(test.log, name("20260102"));
        append(test.log, "c\n");
        test.owner.start();
        CHECK(test.owner.all(24) == test.expected("b\nc\n"));
    }
}

TEST_CASE("restart after copytruncate, once and twice", "[follower]") {
    for (const int times : {1, 2}) {
        for (const bool compressed : {false, true}) {
            Stopped test;
            copy_truncate(test.log, test.log + ".1");
            append(test.log, numbered("b", 1, 50));
            std::string more = numbered("b", 1, 50);
            if (compressed)
                compress(test.log + ".1");
            if (times == 2) {
                const std::string suffix = compressed ? ".gz" : "";
                rename(test.log + ".1" + suffix, test.log + ".2" + suffix);
                copy_truncate(test.log, test.log + ".1");
                append(test.log, "c\n");
                more += "c\n";
            }
            test.owner.start();
            CHECK(test.owner.all(22 + tree::split(more).size()) == test.expected(more));
            CHECK(test.owner.complaints.empty());
        }
    }
}

TEST_CASE("restart after copytruncate with the same first line", "[follower]") {
    for (const int lines : {2, 60}) {
        Stopped test;
        copy_truncate(test.log, test.log + ".1");
        append(test.log, "a1\n" + numbered("b", 1, lines));
        test.owner.start();
        const auto more = "a1\n" + numbered("b", 1, lines);
        CHECK(test.owner.all(23 + static_cast<std::size_t>(lines)) == test.expected(more));
    }
}

TEST_CASE("restart: a late writer went on in the rotated file that was done", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    const Fd writer = open_log(log);
    append(writer, "1\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    rename(log, log + ".1");
    append(log, "2\n");
    CHECK(owner.run(2));
    owner.stop();
    append(writer, "late\n");
    append(log, "3\n");
    owner.start();
    CHECK(owner.all(4) == Lines{"1", "2", "late", "3"});
}

TEST_CASE("restart: a copy of what was read is no new file", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, numbered("a", 1, 20));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(20));
    rename(log, log + ".1");
    append(log, "b\n");
    CHECK(owner.run(21));
    owner.stop();
    tree::file(log + ".2", content(log + ".1")); // newer than both
    rename(log, log + ".3");
    append(log, "c\n");
    tree::file(log + ".4", content(log + ".3"));
    owner.start();
    CHECK(owner.all(22) == tree::split(numbered("a", 1, 20) + "b\nc\n"));
}

TEST_CASE("restart: the directory was moved to another file system", "[follower]") {
    const tree::Scratch scratch;
    tree::directory(scratch / "logs");
    const std::string log = scratch / "logs/app.log";
    append(log, numbered("some line with a number ", 1, 40));
    Owner owner(log);
    owner.start();
    CHECK(owner.run(40));
    owner.stop();
    append(log, "u\n");
    // Other inodes, the same content.
    std::filesystem::copy(scratch / "logs", scratch / "moved");
    std::filesystem::remove_all(scratch / "logs");
    rename(scratch / "moved", scratch / "logs");
    owner.start();
    CHECK(owner.all(41).back() == "u");
    CHECK(owner.lines.size() == 41);
}

TEST_CASE("restart: the file that was read is gone", "[follower]") {
    Stopped test;
    remove(test.log);
    append(test.log, "b\n");
    test.owner.start();
    CHECK(test.owner.all(21) == tree::split(numbered("a", 1, 20) + "b\n"));
    CHECK(test.owner.complaints ==
          Lines{test.log + ": the file that was read before is gone; what was not read of it, if "
                           "anything, is lost"});
}

TEST_CASE("restart: rotated files that were there before the first start stay unread",
          "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log + ".2", "old\n");
    compress(log + ".2");
    append(log + ".1", "older than the start\n");
    append(log, "1\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    owner.stop();
    rename(log + ".2.gz", log + ".3.gz");
    rename(log + ".1", log + ".2");
    rename(log, log + ".1");
    append(log, "2\n");
    owner.start();
    CHECK(owner.all(2) == Lines{"1", "2"});
}

TEST_CASE("restart: a record that cannot be read means a new start", "[follower]") {
    const tree::Scratch scratch;
    const std::string log = scratch / "app.log";
    append(log, "1\n");
    Owner owner(log);
    owner.start();
    CHECK(owner.run(1));
    owner.stop();
    owner.records.begin()->second = R"({"version":"1","path":"/x"})";
    owner.start();
    CHECK(owner.all(2) == Lines{"1", "1"});
    CHECK(owner.complaints == Lines{"record of " + log + ": no usable device"});
}
