// SPDX-License-Identifier: GPL-2.0-only
//
// How old signatures are: a container says when it was made, a loose file when it was written.
#include "engine/database.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

using namespace hostav;

namespace {

std::string head_built_at(const std::string &seconds) {
    std::string head = "ClamAV-VDB:16 Jun 2021 16-01 -0400:7:9:63:" + std::string(32, 'a') +
                       ":signature:builder:" + seconds;
    head.resize(512, ' ');
    return head;
}

void put(const std::string &path, const std::string &content, std::time_t written) {
    std::ofstream(path) << content;
    const timespec times[] = {{written, 0}, {written, 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

} // namespace

TEST_CASE("a database container is as old as its head says", "[database]") {
    const tree::Scratch scratch;
    const auto &directory = scratch.path();
    CHECK(newest_signatures(directory) == 0);
    CHECK(newest_signatures(scratch / "nothing") == 0);
    put(scratch / "daily.cvd", head_built_at("1000"), 5000); // copied later
    CHECK(newest_signatures(directory) == 1000);
    put(scratch / "own.ndb", "x", 900);
    CHECK(newest_signatures(directory) == 1000);
    put(scratch / "own.ndb", "x", 3000);
    CHECK(newest_signatures(directory) == 3000);
    put(scratch / "main.cld", head_built_at("4000"), 1);
    CHECK(newest_signatures(directory) == 4000);
    put(scratch / "notes.txt", "no signatures", 9000);
    CHECK(newest_signatures(directory) == 4000);
    // Without a time of its own, and where there is no head at all: the file's.
    put(scratch / "old.cvd", head_built_at(""), 6000);
    CHECK(newest_signatures(directory) == 6000);
    put(scratch / "broken.cvd", "short", 7000);
    CHECK(newest_signatures(directory) == 7000);
}
