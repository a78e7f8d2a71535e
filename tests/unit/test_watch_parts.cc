// SPDX-License-Identifier: GPL-2.0-only
//
// The pure parts of onaccess-watch: what is inside, which gate, what is counted, what goes to a
// shell.
#include "base/signals.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"
#include "watch/connection.h"
#include "watch/file_systems.h"
#include "watch/gate_guard.h"
#include "watch/repeats.h"
#include "watch/resolve.h"
#include "watch/statistics.h"
#include "watch/territory.h"
#include "watch/virus_event.h"
#include "watch/wire.h"

#include "engine/message.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hostav;

namespace {

// /usr exists everywhere and is no link.
constexpr const char *mountinfo = "20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                                  "21 20 8:2 / /usr/data rw - ext4 /dev/sdb1 rw\n"
                                  "22 20 8:1 /usr/share /mnt/shared rw - ext4 /dev/sda1 rw\n"
                                  "23 20 0:22 / /proc rw - proc proc rw\n"
                                  "24 20 8:2 /inner /mnt/a\\040b rw master:3 - ext4 /dev/sdb1 rw\n"
                                  "garbage\n"
                                  "25 20 0:40 / /usr/net rw - nfs4 host:/x rw\n";

} // namespace

TEST_CASE("a mount table is read as proc(5) has it", "[watch]") {
    const auto table = MountTable::parse(mountinfo);
    REQUIRE(table.mounts().size() == 6);
    REQUIRE(table.find(24) != nullptr);
    CHECK(table.find(24)->point == "/mnt/a b");
    CHECK(table.find(24)->root == "/inner");
    CHECK(table.find(99) == nullptr);
    CHECK(table.holding("/usr/data/x")->id == 21);
    CHECK(table.holding("/usr/database")->id == 20);
    // What lies under a later mount is not where a path leads to.
    const auto hidden = MountTable::parse("1 0 8:1 / / rw - ext4 a rw\n"
                                          "2 1 8:2 / /a/b rw - ext4 b rw\n"
                                          "3 1 8:3 / /a rw - ext4 c rw\n"
                                          "4 3 8:4 / /a rw - ext4 d rw\n"
                                          "5 4 8:5 / /a/b rw - ext4 e rw\n");
    CHECK(hidden.holding("/a/b/c")->id == 5);
    CHECK(hidden.holding("/a/c")->id == 4);
    CHECK(hidden.holding("/b")->id == 1);
    CHECK(path_in_filesystem(*table.find(22), "/mnt/shared/doc") == "/usr/share/doc");
    CHECK(path_in_filesystem(*table.find(21), "/usr/data") == "/");
    CHECK(path_in_filesystem(*table.find(20), "/etc") == "/etc");
}

TEST_CASE("what is inside is a matter of file systems, not of paths", "[watch]") {
    Territory inside({{"/usr/"}, {"/usr/share/doc"}, {"\\.iso$"}, {}});
    inside.update(MountTable::parse(mountinfo));
    using Place::excluded;
    using Place::outside;
    CHECK(inside.place_of("/usr/bin/true", 20, 1) == Place::inside);
    CHECK(inside.place_of("/usr", 20, 1) == Place::inside);
    CHECK(inside.place_of("/usrlocal", 20, 1) == outside);
    CHECK(inside.place_of("/etc/passwd", 20, 1) == outside);
    // Several names, a mount that we do not see, a path that cannot be known.
    CHECK(inside.place_of("/etc/passwd", 20, 2) == Place::inside);
    CHECK(inside.place_of("/etc/passwd", 99, 1) == Place::inside);
    CHECK(inside.place_of("", 20, 1) == Place::inside);
    CHECK(inside.place_of("/", 20, 1) == Place::inside); // a file, without its directory
    CHECK(inside.place_of("/elsewhere", 21, 1) == Place::inside);
    // A file system mounted below, and what is shown of it and of /usr elsewhere.
    CHECK(inside.place_of("/usr/data/x", 21, 1) == Place::inside);
    CHECK(inside.place_of("/mnt/a b/x", 24, 1) == Place::inside);
    CHECK(inside.place_of("/mnt/shared/x", 22, 1) == Place::inside);
    CHECK(inside.place_of("/usr/share/doc/x", 20, 1) == excluded);
    CHECK(inside.place_of("/usr/share/docs", 20, 1) == Place::inside);
    CHECK(inside.place_of("/usr/big.iso", 20, 1) == excluded);
    // The excluded tree by another way is not the excluded path.
    CHECK(inside.place_of("/mnt/shared/doc/x", 22, 1) == Place::inside);
    CHECK(inside.marked().size() == 3);
    CHECK(inside.missing().empty());
    CHECK_FALSE(inside.update(MountTable::parse(mountinfo)));
    CHECK(inside.update(MountTable::parse("20 1 8:1 / / rw - ext4 x rw\n")));
    // A path that is not there yet is covered all the same.
    Territory later({{"/nonexistent/deep/path"}, {}, {}, {}});
    later.update(MountTable::parse(mountinfo));
    CHECK(later.missing().size() == 1);
    CHECK(later.place_of("/nonexistent/deep/path/file", 20, 1) == Place::inside);
    CHECK(later.place_of("/nonexistent/deep", 20, 1) == outside);
}

TEST_CASE("stacked and served file systems have gates of their own", "[watch]") {
    const auto gate = [](const char *type, const char *options = "rw") {
        const auto table = MountTable::parse(mountinfo);
        return kind_of({40, "0:50", "/", "/m", type, options, 20}, table);
    };
    CHECK(gate("ext4").gate == plain_gate);
    CHECK(gate("ext4").remembers);
    CHECK(gate("tmpfs").gate == plain_gate);
    CHECK(gate("proc").gate.empty());
    CHECK(gate("cgroup2").gate.empty());
    CHECK(gate("fuse.sshfs").gate == "fuse.sshfs 0:50");
    CHECK_FALSE(gate("fuse.sshfs").remembers);
    CHECK(gate("nfs4").gate == "nfs4 0:50");
    CHECK(gate("unheard-of").gate == "unheard-of 0:50");
    CHECK(gate("overlay", "rw,lowerdir=/proc/none,upperdir=u").gate == "overlay 0:50");
    CHECK(gate("overlay", "rw,lowerdir=/usr:/etc,upperdir=/tmp,workdir=/tmp").remembers == false);
    CHECK(gate("overlay").gate == "overlay 0:50");
    CHECK(gate("overlay", "rw,lowerdir=/usr:/etc").gate == "overlay");
    // On a network: opening its files may wait for ever.
    CHECK(gate("overlay", "rw,lowerdir=/usr:/usr/net/layer").gate == "overlay 0:50");
}

TEST_CASE("the mount of an open file is known without statx(2), too", "[watch]") {
    const Fd file(::open("/usr", O_PATH | O_DIRECTORY));
    struct statx st = {};
    REQUIRE(::statx(file.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0);
    if ((st.stx_mask & STATX_MNT_ID) != 0)
        CHECK(mount_id_of(file.get()) == st.stx_mnt_id);
    CHECK(mount_id_of(file.get()) != 0);
    CHECK(mount_id_of(-1) == 0);
}

TEST_CASE("configured paths are resolved without asking whom one should not", "[watch]") {
    const tree::Scratch scratch;
    const auto table = MountTable::parse(mountinfo);
    const auto path = [&](const char *name) { return scratch / name; };
    REQUIRE(::mkdir(path("real").c_str(), 0700) == 0);
    REQUIRE(::symlink("real", path("link").c_str()) == 0);
    REQUIRE(::symlink("loop", path("loop").c_str()) == 0);
    const auto resolve = [&](const std::string &what, LinksOf followed = LinksOf::anybody) {
        return resolve_path(table, what, followed);
    };
    CHECK(resolve(path("link/")).path == path("real"));
    CHECK(resolve(path("./link/../link//none/x")).path == path("real/none/x"));
    CHECK_FALSE(resolve(path("link/none")).exists);
    CHECK(resolve(path("loop/x")).path == path("loop/x"));
    CHECK(resolve("/../..").path == "/");
    CHECK(resolve("/usr/net/never/asked").path == "/usr/net/never/asked");
    CHECK(resolve("/usr/net/never/asked").exists);
    const auto links_owner = ::geteuid() == 0 ? path("real") : path("link");
    CHECK(resolve(path("link"), LinksOf::root).path == links_owner);
    if (::geteuid() == 0) {
        REQUIRE(::lchown(path("link").c_str(), 12345, 12345) == 0);
        CHECK(resolve(path("link"), LinksOf::root).path == path("link"));
    }
}

TEST_CASE("a gate that does not come round is ended, the others are not", "[watch]") {
    GateGuard guard(std::chrono::milliseconds(1500));
    auto *const still = guard.take();
    auto *const moving = guard.take();
    REQUIRE(still != nullptr);
    REQUIRE(moving != nullptr);
    const pid_t child = ::fork();
    if (child == 0)
        for (;;)
            ::pause();
    guard.watch(moving, ::getpid());
    guard.watch(still, child);
    int status = 0;
    for (int i = 0; i < 400 && ::waitpid(child, &status, WNOHANG) == 0; ++i) {
        moving->rounds.fetch_add(1);
        ::usleep(50000);
    }
    CHECK(WIFSIGNALED(status));
    CHECK(guard.give_back(still));
    CHECK_FALSE(guard.give_back(moving));
    std::size_t places = 0;
    while (guard.take() != nullptr)
        ++places;
    CHECK(places == GateGuard::most);
}

TEST_CASE("latencies are told within a quarter of a power of two", "[watch]") {
    Latencies times;
    CHECK(times.percentile(0.5) == 0);
    for (int i = 1; i <= 1000; ++i)
        times.add(std::chrono::microseconds(i));
    for (const double share : {0.1, 0.5, 0.9, 0.99, 1.0}) {
        const auto exact = share * 1000;
        const auto told = static_cast<double>(times.percentile(share));
        CHECK(told >= exact * 0.99);
        CHECK(told <= exact * 1.26);
    }
    times.add(std::chrono::hours(100)); // beyond the last step: counted all the same
    CHECK(times.percentile(1.0) > 1000);
}

TEST_CASE("statistics survive being sent", "[watch]") {
    Statistics sent;
    sent.count(Count::denied, 7);
    sent.count(Count::overflow);
    sent.queue = 3;
    sent.answers.add(std::chrono::milliseconds(5));
    const auto back = Statistics::from(sent.fields());
    CHECK(back.of(Count::denied) == 7);
    CHECK(back.of(Count::overflow) == 1);
    CHECK(back.queue == 3);
    CHECK(back.answers.percentile(0.5) == sent.answers.percentile(0.5));
    CHECK(Statistics::from({"x", "-1"}).of(Count::denied) == 0);
    auto sum = back;
    sum.add(back);
    CHECK(sum.of(Count::denied) == 14);
    for (std::size_t kind = 0; kind < count_kinds; ++kind)
        CHECK_FALSE(std::string(count_name(kind)).empty());
}

TEST_CASE("a signature's name does nothing in a shell", "[watch]") {
    CHECK(expand_event("echo %v", "Win.Test-1/2") == "echo Win.Test-1/2");
    CHECK(expand_event("echo %v", "$(rm -rf /);`x`|\"'\n") == "echo __rm_-rf_/___x_____");
    CHECK(expand_event("100% %v%v", "A") == "100% AA");
}

TEST_CASE("words keep their order and their descriptors while nobody reads", "[watch]") {
    auto ends = message_pair();
    REQUIRE(ends);
    Wire here(std::move(ends->first));
    Wire there(std::move(ends->second));
    constexpr int many = 2000;
    for (int i = 0; i < many; ++i)
        here.send("number", {std::to_string(i), std::string(500, 'x')});
    int next = 0;
    for (int tries = 0; tries < many && next < many; ++tries) {
        while (auto word = there.receive()) {
            REQUIRE(word->name == "number");
            REQUIRE(word->number(0) == static_cast<std::uint64_t>(next));
            REQUIRE(word->text(1).size() == 500);
            REQUIRE(word->text(9).empty());
            ++next;
        }
        here.flush();
    }
    CHECK(next == many);
    here = Wire();
    CHECK_FALSE(there.receive());
    CHECK(there.closed());
}

TEST_CASE("words that are too many are counted, and told once there is room", "[watch]") {
    auto ends = message_pair();
    REQUIRE(ends);
    Wire here(std::move(ends->first));
    Wire there(std::move(ends->second));
    const std::string large(100000, 'x');
    constexpr std::uint64_t many = 1000; // 100 MB: more than is kept
    for (std::uint64_t i = 0; i < many; ++i)
        here.send("large", {large});
    CHECK(here.take_lost() == 0);
    std::uint64_t heard = 0;
    for (bool any = true; any;) {
        any = false;
        for (; there.receive(); any = true)
            ++heard;
        here.flush();
    }
    CHECK(heard > 100);
    CHECK(heard < many);
    CHECK(here.take_lost() == many - heard);
    CHECK(here.take_lost() == 0);
}

TEST_CASE("what was said a moment ago is counted, not said again", "[watch]") {
    Repeats repeats;
    const auto start = Repeats::Clock::time_point(std::chrono::hours(1));
    const auto at = [start](int milliseconds) {
        return start + std::chrono::milliseconds(milliseconds);
    };
    CHECK(repeats.next() == Repeats::Clock::time_point::max());
    CHECK(repeats.is_new({"/a", "Eicar", "denied"}, at(0)));
    CHECK_FALSE(repeats.is_new({"/a", "Eicar", "denied"}, at(1)));
    CHECK_FALSE(repeats.is_new({"/a", "Eicar", "denied"}, at(999)));
    CHECK(repeats.is_new({"/b", "Eicar", "denied"}, at(999)));
    CHECK(repeats.is_new({"/a", "Other", "denied"}, at(999)));
    CHECK(repeats.is_new({"/a", "Eicar", "late"}, at(999)));
    CHECK(repeats.next() == at(1000));
    CHECK(repeats.take(at(999)).empty());
    const auto told = repeats.take(at(1000));
    REQUIRE(told.size() == 1);
    CHECK(told[0].path == "/a");
    CHECK(told[0].what == "Eicar");
    CHECK(told[0].times == 2);
    CHECK(told[0].within.count() == 1);
    // The next one is said; nothing is told of those that were not repeated.
    CHECK(repeats.is_new({"/a", "Eicar", "denied"}, at(1000)));
    CHECK(repeats.take(at(5000)).empty());
    CHECK(repeats.next() == Repeats::Clock::time_point::max());
}

TEST_CASE("none of many repeats is forgotten", "[watch]") {
    Repeats repeats;
    const auto now = Repeats::Clock::time_point(std::chrono::hours(1));
    constexpr std::uint64_t many = 5000;
    std::uint64_t told = 0;
    const std::string directory(2000, 'd');
    for (std::uint64_t i = 0; i < many; ++i) {
        REQUIRE(repeats.is_new({directory + std::to_string(i), "Eicar", ""}, now));
        REQUIRE_FALSE(repeats.is_new({directory + std::to_string(i), "Eicar", ""}, now));
    }
    CHECK(repeats.next() < now); // there was no room for all
    for (const auto time : {now, now + Repeats::window})
        for (const auto &each : repeats.take(time))
            told += each.times;
    CHECK(told == many);
}

TEST_CASE("the last words of a side that died are heard", "[watch]") {
    auto ends = message_pair();
    REQUIRE(ends);
    Wire here(std::move(ends->first));
    Wire there(std::move(ends->second));
    here.send("never read");
    there.send("last", {"word"});
    there = Wire();
    const auto word = here.receive();
    REQUIRE(word);
    CHECK(word->text(0) == "word");
    CHECK_FALSE(here.receive());
    CHECK(here.closed());
}

TEST_CASE("descriptors that wait with their words are counted", "[watch]") {
    auto ends = message_pair();
    REQUIRE(ends);
    Wire here(std::move(ends->first));
    Wire there(std::move(ends->second));
    for (int i = 0; i < 1000; ++i)
        here.send("file", {std::string(1000, 'x')}, Fd(::open("/dev/null", O_RDONLY)));
    const auto kept = here.kept_descriptors();
    CHECK(kept > 0);
    std::size_t received = 0;
    while (there.receive())
        ++received;
    CHECK(received + kept == 1000);
    while (!there.closed() && here.kept_descriptors() > 0) {
        here.flush();
        while (there.receive())
            ++received;
    }
    CHECK(received == 1000);
}

TEST_CASE("every waking signal is told, each once", "[signals]") {
    auto signals = Signals::watch({SIGUSR1, SIGUSR2});
    REQUIRE(signals);
    ::raise(SIGUSR1);
    ::raise(SIGUSR2);
    std::set<int> got;
    got.insert(signals->take_waking());
    got.insert(signals->take_waking());
    CHECK(got.contains(SIGUSR1));
    CHECK(got.contains(SIGUSR2));
    CHECK(signals->take_waking() == 0);
    CHECK(signals->pending() == 0);
}

TEST_CASE("a connection's framing", "[watch]") {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    const Fd other(pair[0]);
    Connection connection(1, Fd(pair[1]), true);
    const auto put = [&](std::string_view text) {
        REQUIRE(::send(other.get(), text.data(), text.size(), 0) ==
                static_cast<ssize_t>(text.size()));
        REQUIRE(connection.receive());
    };
    using namespace std::string_view_literals;
    put("zPING\0nVER"sv);
    auto command = connection.next_command();
    REQUIRE(command);
    CHECK(command->framing == 'z');
    CHECK(command->text == "PING");
    CHECK_FALSE(connection.next_command());
    put("SION\n");
    command = connection.next_command();
    REQUIRE(command);
    CHECK(command->framing == 'n');
    CHECK(command->text == "VERSION");
    put("SCAN /x y\r\n");
    command = connection.next_command();
    REQUIRE(command);
    CHECK(command->framing == 0);
    CHECK(command->text == "SCAN /x y");
    connection.reply(3, 'z', "PONG");
    connection.say("later");
    REQUIRE(connection.flush());
    std::array<char, 64> answer{};
    CHECK(::recv(other.get(), answer.data(), answer.size(), 0) == 14);
    CHECK(std::string_view(answer.data(), 14) == "3: PONG\0later\n"sv);
}
