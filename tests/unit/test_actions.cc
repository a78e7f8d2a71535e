// SPDX-License-Identifier: GPL-2.0-only
//
// --copy, --move and --remove on real files: clamscan's names, modes and lines, and nothing lost
// when a name has been swapped or a step fails.
#include "store/actions.h"

#include "store/object.h"
#include "tests/support/catch.h"
#include "tests/support/infected.h"

#include <cstdio>

namespace {

using hostav::Action;
using hostav::Actions;
using namespace infected;
using tree::Lines;

/// `in/` with an infected file `bad`, and `q/` for what is taken.
struct Place {
    tree::Scratch scratch;
    std::string in = scratch / "in";
    std::string q = scratch / "q";
    Place() {
        tree::directory(in);
        tree::directory(q);
        tree::file(in + "/bad", "EVIL");
        age(in + "/bad");
    }
    [[nodiscard]] Open bad() const { return in_directory(in, "bad"); }
    void give_to_ordinary() const {
        for (const std::string &path : {in, q, in + "/bad"})
            tree::must(::lchown(path.c_str(), ordinary_user, ordinary_user) == 0, path);
    }
};

bool same_time(const struct timespec &a, const struct timespec &b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// A directory on another file system than /tmp, or none.
struct OtherFileSystem {
    std::string path;
    OtherFileSystem() {
        char name[] = "/dev/shm/hostav-test.XXXXXX";
        struct stat here = {};
        struct stat there = {};
        if (::mkdtemp(name) == nullptr)
            return;
        path = name;
        if (::stat("/tmp", &here) == 0 && ::stat(name, &there) == 0 && here.st_dev == there.st_dev)
            clear();
    }
    ~OtherFileSystem() { clear(); }
    OtherFileSystem(const OtherFileSystem &) = delete;
    OtherFileSystem &operator=(const OtherFileSystem &) = delete;
    void clear() {
        if (!path.empty())
            std::filesystem::remove_all(path);
        path.clear();
    }
    [[nodiscard]] bool missing() const {
        return path.empty() && tree::skipped("actions: /dev/shm is no second file system");
    }
};

} // namespace

TEST_CASE("actions: a copy is private, disarmed and keeps the times") {
    const Place place;
    tree::mode(place.in + "/bad", 04755);
    const bool xattrs = set_xattr(place.in + "/bad", "user.x", "y");
    (void)set_xattr(place.in + "/bad", "security.capability", cap_net_raw); // root can
    const auto result = act(Action::copy, place.q, place.bad());
    CHECK(result.message == place.in + "/bad: copied to '" + place.q + "/bad'");
    REQUIRE(result.done);
    const struct stat copy = status(place.q + "/bad");
    CHECK((copy.st_mode & 07777) == 0600);
    CHECK(same_time(copy.st_mtim, old_change));
    CHECK(read(place.q + "/bad") == "EVIL");
    CHECK(xattr(place.q + "/bad", "user.x") == (xattrs ? "y" : "none"));
    CHECK(xattr(place.q + "/bad", "security.capability") == "none");
    CHECK(exists(place.in + "/bad"));
}

TEST_CASE("actions: a move keeps the very object") {
    const Place place;
    tree::mode(place.in + "/bad", 04751);
    const struct stat before = status(place.in + "/bad");
    const auto result = act(Action::move, place.q, place.bad());
    CHECK(result.message == place.in + "/bad: moved to '" + place.q + "/bad'");
    REQUIRE(result.done);
    const struct stat after = status(place.q + "/bad");
    CHECK(after.st_ino == before.st_ino);
    CHECK((after.st_mode & 07777) == 04751);
    CHECK(same_time(after.st_mtim, old_change));
    CHECK(after.st_nlink == 1);
    CHECK(names(place.in).empty());
}

TEST_CASE("actions: a removed file is gone, its other names are not") {
    const Place place;
    tree::must(::link((place.in + "/bad").c_str(), (place.in + "/twin").c_str()) == 0, "link");
    const auto result = act(Action::remove, "", place.bad());
    CHECK(result.done);
    CHECK(result.message == place.in + "/bad: Removed.");
    CHECK(names(place.in) == Lines{"twin"});
}

TEST_CASE("actions: no action does nothing") {
    const Place place;
    const auto result = act(Action::none, "", place.bad());
    CHECK(result.done);
    CHECK(result.message.empty());
    CHECK(names(place.in) == Lines{"bad"});
}

TEST_CASE("actions: lines show the real path where it differs, and everything escaped") {
    const Place place;
    tree::file(place.in + "/a\nb\xff\\", "EVIL");
    Open open = in_directory(place.in, "a\nb\xff\\");
    open.file.shown_path = "in/a\nb\xff\\";
    const auto result = act(Action::copy, place.q + "/", open);
    CHECK(result.message == "in/a\\nb\\377\\\\ (real path: '" + place.in +
                                "/a\\nb\\377\\\\'): copied to '" + place.q + "/a\\nb\\377\\\\'");
    CHECK(read(place.q + "/a\nb\xff\\") == "EVIL");
}

TEST_CASE("actions: taken names get .001, .002 and so on, up to .999") {
    const Place place;
    tree::file(place.q + "/bad");
    tree::link("nowhere", place.q + "/bad.001"); // a dangling link takes the name as well
    CHECK(act(Action::copy, place.q, place.bad()).message.ends_with("/q/bad.002'"));
    CHECK(act(Action::copy, place.q, place.bad()).message.ends_with("/q/bad.003'"));
    for (int n = 4; n <= 999; ++n) {
        char name[32];
        std::snprintf(name, sizeof name, "/bad.%03d", n);
        tree::file(place.q + name);
    }
    for (const Action action : {Action::copy, Action::move}) {
        const auto result = act(action, place.q, place.bad());
        CHECK_FALSE(result.done);
        CHECK(result.message == std::string("Can't ") + (action == Action::copy ? "copy" : "move") +
                                    " file '" + place.in + "/bad': quarantine destination '" +
                                    place.q + "' is unavailable");
    }
    CHECK(exists(place.in + "/bad"));
    CHECK_FALSE(exists(place.q + "/nowhere"));
}

TEST_CASE("actions: a file in the target directory already gets the next name") {
    const Place place;
    tree::file(place.q + "/old", "EVIL");
    const auto result = act(Action::move, place.q, in_directory(place.q, "old"));
    CHECK(result.message == place.q + "/old: moved to '" + place.q + "/old.001'");
    CHECK(names(place.q) == Lines{"old.001"});
}

TEST_CASE("actions: through a link the file is taken and the link stays") {
    for (const Action action : {Action::move, Action::copy, Action::remove}) {
        const Place place;
        tree::link("bad", place.in + "/link");
        const auto result = act(action, place.q, by_link(place.in + "/link", place.in + "/bad"));
        CHECK(result.done);
        CHECK(result.message.starts_with(place.in + "/link (real path: '" + place.in + "/bad'): "));
        CHECK(names(place.in) == (action == Action::copy ? Lines{"bad", "link"} : Lines{"link"}));
        CHECK(names(place.q) == (action == Action::remove ? Lines{} : Lines{"bad"}));
    }
}

TEST_CASE("actions: through a link to a path longer than PATH_MAX") {
    const Place place;
    const std::string below = tree::deep(place.in, std::string(200, 'd'), 25);
    Open open = by_link(place.in + "/bad", place.in + "/" + below + "/f");
    const hostav::Fd top(::open(place.in.c_str(), O_PATH | O_DIRECTORY));
    open.fd = hostav::open_long_path(top.get(), below + "/f", O_RDONLY);
    REQUIRE(open.fd);
    open.file.fd = open.fd.get();
    const auto result = act(Action::move, place.q, open);
    CHECK(result.done);
    CHECK(names(place.q) == Lines{"f"});
    CHECK_FALSE(hostav::open_long_path(top.get(), below + "/f", O_RDONLY));
}

TEST_CASE("actions: a name that was swapped is left alone") {
    for (const Action action : {Action::move, Action::remove, Action::quarantine}) {
        const Place place;
        tree::mode(place.q, 0700);
        const Open open = place.bad();
        tree::must(::rename((place.in + "/bad").c_str(), (place.in + "/away").c_str()) == 0, "mv");
        tree::file(place.in + "/bad", "precious");
        const auto result = act(action, place.q, open);
        CHECK_FALSE(result.done);
        CHECK(result.message.starts_with("Can't "));
        CHECK(result.message.ends_with("its name is no longer that of the scanned file"));
        CHECK(read(place.in + "/bad") == "precious");
        CHECK(read(place.in + "/away") == "EVIL");
        CHECK(names(place.q).empty());
    }
}

TEST_CASE("actions: a link put in the file's place is not followed") {
    for (const Action action : {Action::move, Action::remove}) {
        const Place place;
        const Open open = place.bad();
        tree::must(::rename((place.in + "/bad").c_str(), (place.in + "/away").c_str()) == 0, "mv");
        tree::link("away", place.in + "/bad"); // leads to the scanned object, is not it
        CHECK_FALSE(act(action, place.q, open).done);
        CHECK(names(place.in) == Lines{"away", "bad"});
        CHECK(names(place.q).empty());
    }
}

TEST_CASE("actions: the last look before unlinking tells another file from the scanned one") {
    const Place place;
    const Open open = place.bad();
    const int in = open.file.directory->get();
    tree::must(::unlink((place.in + "/bad").c_str()) == 0, "rm");
    CHECK(hostav::unlink_object(in, "bad", open.file.st) == ESTALE);
    tree::file(place.in + "/bad", "precious");
    CHECK(hostav::unlink_object(in, "bad", open.file.st) == ESTALE);
    CHECK(read(place.in + "/bad") == "precious");
    CHECK(hostav::unlink_object(in, "bad", status(place.in + "/bad")) == 0);
    CHECK(names(place.in).empty());
}

TEST_CASE("actions: a swapped name still copies what was scanned") {
    const Place place;
    const Open open = place.bad();
    tree::must(::unlink((place.in + "/bad").c_str()) == 0, "rm");
    tree::file(place.in + "/bad", "precious");
    CHECK(act(Action::copy, place.q, open).done);
    CHECK(read(place.q + "/bad") == "EVIL");
}

TEST_CASE("actions: to another file system a move is a copy and an unlink") {
    const Place place;
    const OtherFileSystem other;
    if (other.missing())
        return;
    tree::mode(place.in + "/bad", 04711);
    tree::file(other.path + "/bad");
    const auto result = act(Action::move, other.path, place.bad());
    CHECK(result.message == place.in + "/bad: moved to '" + other.path + "/bad.001'");
    REQUIRE(result.done);
    const struct stat copy = status(other.path + "/bad.001");
    CHECK((copy.st_mode & 07777) == 0600);
    CHECK(same_time(copy.st_mtim, old_change));
    CHECK(read(other.path + "/bad.001") == "EVIL");
    CHECK(names(place.in).empty());
}

TEST_CASE("actions: a sparse file stays sparse") {
    const Place place;
    const std::string path = place.in + "/bad";
    constexpr off_t size = 64 << 20;
    tree::must(::truncate(path.c_str(), size) == 0, path);
    CHECK(act(Action::copy, place.q, place.bad()).done);
    const struct stat copy = status(place.q + "/bad");
    CHECK(copy.st_size == size);
    CHECK(copy.st_blocks * 512 < size / 16);
    CHECK(read(place.q + "/bad") == read(path));
}

TEST_CASE("actions: a file that is not what its size says has changed while being copied") {
    const hostav::Fd from(::open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY));
    struct stat st = {};
    if (!from || ::fstat(from.get(), &st) != 0 || st.st_size != ::getpagesize()) {
        tree::skipped("actions: no file of /sys with a page's size");
        return;
    }
    const Place place;
    const hostav::Fd to(::open((place.q + "/x").c_str(), O_RDWR | O_CREAT, 0600));
    const auto unchanged = hostav::copy_content(from.get(), to.get());
    REQUIRE(unchanged);
    CHECK_FALSE(*unchanged);
    const hostav::Fd bad(::open((place.in + "/bad").c_str(), O_RDONLY));
    const hostav::Fd copy(::open((place.q + "/y").c_str(), O_RDWR | O_CREAT, 0600));
    CHECK(hostav::copy_content(bad.get(), copy.get()).value_or(false));
}

TEST_CASE("actions: a failing unlink takes the new name away again") {
    if (not_root("actions: another user's directories"))
        return;
    for (const bool linkable : {true, false}) {
        const Place place;
        place.give_to_ordinary();
        if (!linkable) // protected_hardlinks, or just as well the copy of what cannot be linked
            tree::must(::chown((place.in + "/bad").c_str(), 0, 0) == 0, "chown");
        tree::mode(place.in, 0555);
        const Lines lines = tree::in_child([&place] {
            become_ordinary();
            const auto result = act(Action::move, place.q, place.bad());
            return Lines{result.done ? "done" : "not done", result.message,
                         act(Action::remove, "", place.bad()).message};
        });
        REQUIRE(lines.size() == 3);
        CHECK(lines[0] == "not done");
        CHECK(lines[1].starts_with("Can't unlink '" + place.in + "/bad' after "));
        CHECK(lines[1].ends_with(": Permission denied"));
        CHECK(lines[2] == "Can't remove file '" + place.in + "/bad': Permission denied");
        CHECK(names(place.q).empty());
        CHECK(names(place.in) == Lines{"bad"});
    }
}

TEST_CASE("actions: what must not be linked is copied and unlinked") {
    if (not_root("actions: protected hard links"))
        return;
    if (read("/proc/sys/fs/protected_hardlinks") != "1\n") {
        tree::skipped("actions: fs.protected_hardlinks is off");
        return;
    }
    const Place place;
    place.give_to_ordinary();
    tree::must(::chown((place.in + "/bad").c_str(), 0, 0) == 0, "chown");
    const Lines lines = tree::in_child([&place] {
        become_ordinary();
        return Lines{act(Action::move, place.q, place.bad()).message};
    });
    CHECK(lines == Lines{place.in + "/bad: moved to '" + place.q + "/bad'"});
    CHECK(status(place.q + "/bad").st_uid == ordinary_user);
    CHECK(names(place.in).empty());
}

TEST_CASE("actions: a full disk leaves the file where it is and no half copy") {
    if (tree::no_mount_namespace())
        return;
    const Place place;
    const std::string large(60000, 'x');
    tree::must(::unlink((place.in + "/bad").c_str()) == 0, "rm");
    tree::file(place.in + "/bad", large);
    const Lines lines = tree::in_child([&place] {
        tree::own_mounts();
        tree::must(::mount("none", place.q.c_str(), "tmpfs", 0, "size=16k,mode=0700") == 0,
                   "mount");
        Lines all;
        for (const Action action : {Action::copy, Action::move, Action::quarantine}) {
            all.push_back(act(action, place.q, place.bad()).message);
            all.push_back(std::to_string(names(place.q).size()) + " left");
        }
        return all;
    });
    const std::string file = " file '" + place.in + "/bad'";
    const std::string to = " to '" + place.q + "/bad'";
    const std::string full = ": cannot write the copy: No space left on device";
    CHECK(lines == Lines{"Can't copy" + file + to + full, "0 left", "Can't move" + file + to + full,
                         "0 left", "Can't quarantine" + file + full, "0 left"});
    CHECK(read(place.in + "/bad") == large);
}

TEST_CASE("actions: a move works without /proc") {
    if (tree::no_mount_namespace())
        return;
    const Place place;
    const Lines lines = tree::in_child([&place] {
        tree::own_mounts();
        tree::mount("tmpfs", "/proc");
        return Lines{act(Action::move, place.q, place.bad()).message};
    });
    CHECK(lines == Lines{place.in + "/bad: moved to '" + place.q + "/bad'"});
    CHECK(names(place.in).empty());
    CHECK(read(place.q + "/bad") == "EVIL");
}

TEST_CASE("actions: a bad target is an error that names it") {
    const Place place;
    const auto why = [](const std::string &directory) {
        const auto actions = Actions::prepare(Action::move, directory);
        return actions ? std::string("none") : actions.error().text();
    };
    CHECK(why(place.q + "/no\nne") == place.q + "/no\\nne: No such file or directory");
    CHECK(why(place.in + "/bad") == place.in + "/bad: Not a directory");
    tree::link("q", place.scratch / "link");
    CHECK(why(place.scratch / "link") == "none");
    CHECK(act(Action::copy, place.scratch / "link", place.bad())
              .message.ends_with("copied to '" + place.q + "/bad'"));
}

TEST_CASE("actions: a target that is not writable is an error before the scan") {
    const Place place;
    tree::mode(place.q, 0555);
    const Lines lines = tree::in_child([&place] {
        become_ordinary();
        const auto actions = Actions::prepare(Action::copy, place.q);
        return Lines{actions ? "none" : actions.error().text()};
    });
    CHECK(lines == Lines{place.q + ": Permission denied"});
}
