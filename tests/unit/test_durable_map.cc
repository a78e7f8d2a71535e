// SPDX-License-Identifier: GPL-2.0-only
//
// The durable map: what is committed stays, whatever happens to the process; one writer, readers
// beside it. Other processes are forked children: LMDB counts them by process.
#include "base/files.h"
#include "store/durable_map.h"
#include "tests/support/catch.h"
#include "tests/support/processes.h"
#include "tests/support/tree.h"

#include <fcntl.h>
#include <string>
#include <sys/stat.h>

using namespace hostav;
using Pairs = std::map<std::string, std::string>;

namespace {

DurableMap writer(const std::string &directory) {
    auto map = DurableMap::open(directory, DurableMap::Access::write);
    tree::must(map.has_value(), map ? "" : map.error().text());
    return std::move(*map);
}

/// What another process reads.
tree::Lines read_elsewhere(const std::string &directory, const std::string &prefix) {
    return tree::in_child([&] {
        const auto map = DurableMap::open(directory, DurableMap::Access::read);
        if (!map)
            return tree::Lines{map.error().text()};
        tree::Lines lines;
        const auto pairs = map->all(prefix);
        for (const auto &[key, value] : pairs ? *pairs : Pairs{{"error", pairs.error().text()}})
            lines.push_back(key + "=" + value);
        return lines;
    });
}

unsigned mode_of(const std::string &path) {
    struct stat st = {};
    tree::must(::stat(path.c_str(), &st) == 0, path);
    return st.st_mode & 07777U;
}

} // namespace

TEST_CASE("what was committed is there after opening again", "[durable_map]") {
    const tree::Scratch scratch;
    const std::string directory = scratch / "state";
    {
        auto map = writer(directory);
        REQUIRE(map.commit({{"a", "1"}, {"ab", "2"}, {"b", std::string("x\0y\n", 4)}, {"c", ""}}));
        CHECK(mode_of(directory) == 0700);
        CHECK(mode_of(directory + "/state.mdb") == 0600);
    }
    auto map = writer(directory);
    CHECK(*map.all("") ==
          Pairs{{"a", "1"}, {"ab", "2"}, {"b", std::string("x\0y\n", 4)}, {"c", ""}});
    CHECK(*map.all("a") == Pairs{{"a", "1"}, {"ab", "2"}});
    CHECK(map.all("zz")->empty());
    CHECK(*map.get("ab") == "2");
    CHECK(*map.get("none") == std::nullopt);
    REQUIRE(map.commit({{"a", std::nullopt}, {"never", std::nullopt}, {"ab", "3"}}));
    CHECK(*map.all("a") == Pairs{{"ab", "3"}});
}

TEST_CASE("a commit is all or nothing, also when a key is too long", "[durable_map]") {
    const tree::Scratch scratch;
    auto map = writer(scratch / "state");
    const auto done = map.commit({{"a", "1"}, {std::string(512, 'z'), "2"}});
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().why == "a key is empty or longer than 511 bytes");
    CHECK(map.all("")->empty());
    CHECK(map.commit({{std::string(511, 'z'), "2"}}));
}

TEST_CASE("the map grows beyond its first size", "[durable_map]") {
    const tree::Scratch scratch;
    const std::string value(std::size_t{1} << 20, 'v');
    {
        auto map = writer(scratch / "state");
        for (int i = 0; i < 40; ++i)
            REQUIRE(map.commit({{"key" + std::to_string(i), value}}));
    }
    const auto map = writer(scratch / "state");
    CHECK(map.all("key")->size() == 40);
    CHECK(*map.get("key39") == value);
}

TEST_CASE("a second writer is kept out and told by whom", "[durable_map]") {
    const tree::Scratch scratch;
    const std::string directory = scratch / "state";
    {
        const auto map = writer(directory);
        const auto refused = tree::in_child([&] {
            const auto second = DurableMap::open(directory, DurableMap::Access::write);
            return tree::Lines{second ? "opened" : second.error().why};
        });
        CHECK(refused == tree::Lines{"in use by process " + std::to_string(::getpid())});
    }
    CHECK(DurableMap::open(directory, DurableMap::Access::write).has_value());
}

TEST_CASE("another process reads while one writes, and after a growth", "[durable_map]") {
    const tree::Scratch scratch;
    const std::string directory = scratch / "state";
    CHECK(read_elsewhere(directory, "") == tree::Lines{directory + ": No such file or directory"});
    auto map = writer(directory);
    REQUIRE(map.commit({{"a", "1"}}));
    CHECK(read_elsewhere(directory, "") == tree::Lines{"a=1"});
    REQUIRE(map.commit({{"big", std::string(std::size_t{20} << 20, 'v')}, {"a", "2"}}));
    CHECK(read_elsewhere(directory, "a") == tree::Lines{"a=2"});
    CHECK(*map.get("a") == "2");
}

TEST_CASE("a reader sees what is committed after it has opened", "[durable_map]") {
    const tree::Scratch scratch;
    const std::string directory = scratch / "state";
    int go[2] = {};
    int ready[2] = {};
    tree::must(::pipe(go) == 0 && ::pipe(ready) == 0, "pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        auto map = writer(directory);
        char byte = 0;
        bool good = map.commit({{"a", "1"}}).has_value() && ::write(ready[1], "x", 1) == 1 &&
                    ::read(go[0], &byte, 1) == 1;
        // More than the reader's map holds.
        good = good && map.commit({{"a", "2"}, {"big", std::string(std::size_t{40} << 20, 'v')}});
        good = good && ::write(ready[1], "x", 1) == 1 && ::read(go[0], &byte, 1) == 1;
        ::_exit(good ? 0 : 1);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    const auto map = DurableMap::open(directory, DurableMap::Access::read);
    REQUIRE(map.has_value());
    CHECK(*map->get("a") == "1");
    REQUIRE(::write(go[1], "x", 1) == 1);
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(*map->get("a") == "2");
    CHECK((*map->get("big"))->size() == std::size_t{40} << 20);
    REQUIRE(::write(go[1], "x", 1) == 1);
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    for (const int fd : {go[0], go[1], ready[0], ready[1]})
        ::close(fd);
}

// The child says each number that it has committed; what it said before SIGKILL must be there.
TEST_CASE("SIGKILL in the middle loses nothing that was committed", "[durable_map]") {
    const tree::Scratch scratch;
    const std::string directory = scratch / "state";
    std::uint64_t last = 0;
    for (int round = 0; round < 8; ++round) {
        int ends[2] = {};
        tree::must(::pipe(ends) == 0, "pipe");
        const pid_t child = ::fork();
        if (child == 0) {
            auto map = writer(directory);
            for (std::uint64_t i = last + 1;; ++i) {
                const std::string text = std::to_string(i);
                if (!map.commit({{"a", text}, {"b", text + std::string(5000, ' ')}}) ||
                    ::write(ends[1], &i, sizeof i) != sizeof i)
                    ::_exit(1);
            }
        }
        ::close(ends[1]);
        std::uint64_t said = last;
        for (int i = 0; i < 3 + round * 7; ++i)
            REQUIRE(::read(ends[0], &said, sizeof said) == sizeof said);
        REQUIRE(processes::kill_and_wait(child));
        for (std::uint64_t more = 0; ::read(ends[0], &more, sizeof more) == sizeof more;)
            said = more;
        ::close(ends[0]);
        ::waitpid(child, nullptr, 0);

        auto map = writer(directory);
        const auto a = *map.get("a");
        const auto b = *map.get("b");
        REQUIRE(a.has_value());
        // At most the one whose commit was on its way is there beyond what was said.
        CHECK((std::stoull(*a) == said || std::stoull(*a) == said + 1));
        REQUIRE(b.has_value());
        CHECK(b->starts_with(*a + " "));
        last = std::stoull(*a);
    }
}

TEST_CASE("a state directory that others may write to, or no directory, is refused",
          "[durable_map]") {
    const tree::Scratch scratch;
    tree::directory(scratch / "open");
    tree::mode(scratch / "open", 0777);
    const auto open = DurableMap::open(scratch / "open", DurableMap::Access::write);
    REQUIRE_FALSE(open.has_value());
    CHECK(open.error().why == "others may write to this directory");
    tree::file(scratch / "file");
    CHECK_FALSE(DurableMap::open(scratch / "file", DurableMap::Access::write).has_value());
    CHECK_FALSE(DurableMap::open(scratch / "a/b", DurableMap::Access::write).has_value());
    tree::directory(scratch / "bad");
    tree::file(scratch / "bad/state.mdb", std::string(20000, 'x'));
    CHECK_FALSE(DurableMap::open(scratch / "bad", DurableMap::Access::write).has_value());
}

TEST_CASE("a small file that was cut short is an error, wherever it was cut", "[durable_map]") {
    const tree::Scratch scratch;
    std::map<std::string, std::optional<std::string>> pairs;
    for (int i = 0; i < 20; ++i)
        pairs[std::to_string(i)] = std::string(100, 'x');
    REQUIRE(writer(scratch / "whole").commit(pairs).has_value());
    const std::string whole = *read_file(AT_FDCWD, scratch / "whole/state.mdb", 1 << 24);
    std::size_t refused = 0;
    for (std::size_t size = 4096; size < whole.size(); size += 4096) {
        const auto directory = scratch / ("cut" + std::to_string(size));
        tree::directory(directory);
        tree::mode(directory, 0700);
        tree::file(directory + "/state.mdb", whole.substr(0, size));
        const auto map = DurableMap::open(directory, DurableMap::Access::write);
        refused += map && map->all("").has_value() ? 0 : 1;
    }
    CHECK(refused > 0);
}
