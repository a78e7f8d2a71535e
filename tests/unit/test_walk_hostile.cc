// SPDX-License-Identifier: GPL-2.0-only
//
// The walk where the tree works against it: paths beyond PATH_MAX, things that change under it,
// what may not be read, leases, no descriptors left.
#include "base/walk.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <csignal>
#include <sys/resource.h>

using hostav::Entry;
using hostav::EntryKind;
using hostav::Follow;
using hostav::Walk;
using hostav::WalkOptions;
using tree::Lines;
using tree::Scratch;
using tree::sorted;

namespace {

const WalkOptions recursive{.recursive = true};
const std::string long_name(250, 'd');
constexpr int long_levels = 24; // 24 x 251 bytes: beyond 5,000

/// Steps to the first entry that is a file.
Entry first_file(Walk &walk) {
    while (auto entry = walk.next())
        if (entry->kind == EntryKind::file)
            return std::move(*entry);
    return {};
}

Lines rest(Walk &walk) {
    Lines lines;
    while (auto entry = walk.next())
        lines.push_back(tree::text(*entry));
    return lines;
}

/// Of the names, the one that the walk has not given yet.
std::string other(const Entry &seen, const std::string &one, const std::string &two) {
    return seen.name == one ? two : one;
}

/// Gives up root where there is any: nobody is an ordinary user.
void become_ordinary() {
    if (::geteuid() != 0)
        return;
    constexpr uid_t nobody = 65534;
    tree::must(::setgid(nobody) == 0 && ::setuid(nobody) == 0, "setuid");
}

} // namespace

TEST_CASE("walk: a path of more than 5,000 bytes below an argument") {
    const Scratch s;
    const std::string below = tree::deep(s.path(), long_name, long_levels);
    REQUIRE(below.size() > 5000);
    WalkOptions options = recursive;
    options.max_depth = 100;
    Walk walk(options);
    walk.start(s.path());
    const Entry entry = first_file(walk);
    CHECK(entry.path == s / (below + "/f"));
    CHECK(entry.real_path == entry.path);
    CHECK(tree::content(entry) == "deep");
    CHECK(rest(walk).empty());
}

TEST_CASE("walk: a path of more than 5,000 bytes as argument") {
    const Scratch s;
    const std::string below = tree::deep(s.path(), long_name, long_levels);
    for (const std::string &argument : {below + "/f", below, below + std::string(5000, '/')}) {
        // Relative and absolute; the working directory changes in a child only.
        const std::string file = below + "/f";
        CHECK(tree::in_child([&] {
                  tree::must(::chdir(s.path().c_str()) == 0, "chdir");
                  Walk walk(recursive);
                  walk.start(argument);
                  const Entry entry = first_file(walk);
                  return Lines{entry.path, entry.real_path, tree::content(entry)};
              }) == Lines{file, s / file, "deep"});
        Walk walk(recursive);
        walk.start(s / argument);
        const Entry entry = first_file(walk);
        CHECK(entry.path == s / file);
        CHECK(entry.real_path == s / file);
    }
    CHECK(tree::walk(recursive, {s / (below + "/g")}) ==
          Lines{"cannot_access " + (s / (below + "/g")) + " ENOENT"});
    CHECK(tree::walk(recursive, {s / std::string(5000, 'x')}).front().ends_with(" ENAMETOOLONG"));
}

TEST_CASE("walk: a link with a target beyond PATH_MAX is resolved") {
    const Scratch s;
    const std::string below = tree::deep(s.path(), long_name, long_levels);
    const hostav::Fd dir = hostav::open_long_path(AT_FDCWD, s / below, O_RDONLY | O_DIRECTORY);
    REQUIRE(dir);
    REQUIRE(::symlinkat(("../" + long_name + "/second").c_str(), dir.get(), "first") == 0);
    REQUIRE(::symlinkat("f", dir.get(), "second") == 0);
    Walk walk(recursive);
    walk.start(s / (below + "/first"));
    const auto entry = walk.next();
    REQUIRE(entry);
    CHECK(entry->kind == EntryKind::file);
    CHECK(entry->real_path == s / (below + "/f"));
}

TEST_CASE("open_long_path: flags are for the last component") {
    const Scratch s;
    const std::string below = tree::deep(s.path(), long_name, long_levels);
    const hostav::Fd dir = hostav::open_long_path(AT_FDCWD, s / below, O_RDONLY | O_DIRECTORY);
    REQUIRE(::symlinkat("f", dir.get(), "link") == 0);
    CHECK(hostav::open_long_path(AT_FDCWD, s / (below + "/link"), O_RDONLY));
    CHECK_FALSE(hostav::open_long_path(AT_FDCWD, s / (below + "/link"), O_RDONLY | O_NOFOLLOW));
    CHECK(errno == ELOOP);
    CHECK_FALSE(hostav::open_long_path(AT_FDCWD, s / (below + "/no/f"), O_RDONLY));
    CHECK(errno == ENOENT);
    const hostav::Fd made =
        hostav::open_long_path(AT_FDCWD, s / (below + "/new"), O_WRONLY | O_CREAT | O_EXCL);
    REQUIRE(made);
    CHECK((::fcntl(made.get(), F_GETFD) & FD_CLOEXEC) != 0);
    const hostav::Fd top(::open(s.path().c_str(), O_PATH | O_DIRECTORY));
    CHECK(hostav::open_long_path(top.get(), below + "/new", O_RDONLY));
    CHECK(hostav::open_long_path(AT_FDCWD, std::string(9000, '/'), O_PATH));
}

TEST_CASE("walk: what vanishes meanwhile is passed over") {
    const Scratch s;
    for (const char *name : {"a", "b", "c", "d"})
        tree::file(s / name);
    tree::directory(s / "dir");
    Walk walk(recursive);
    walk.start(s.path());
    const Entry seen = first_file(walk);
    for (const char *name : {"a", "b", "c", "d"})
        if (seen.name != name)
            REQUIRE(::unlink((s / name).c_str()) == 0);
    REQUIRE(::rmdir((s / "dir").c_str()) == 0);
    CHECK(rest(walk).empty());
}

TEST_CASE("walk: a directory removed while inside it") {
    const Scratch s;
    tree::directory(s / "t");
    tree::directory(s / "t/d");
    tree::file(s / "t/d/a");
    tree::file(s / "t/d/b");
    Walk walk(recursive);
    walk.start(s / "t");
    first_file(walk);
    std::filesystem::remove_all(s / "t");
    CHECK(rest(walk).empty());
}

TEST_CASE("walk: a file replaced by a FIFO, a link or a directory is not opened") {
    const Scratch s;
    tree::file(s / "elsewhere", "secret");
    for (const char *kind : {"fifo", "link", "directory"}) {
        const std::string t = s / kind;
        tree::directory(t);
        tree::file(t + "/a");
        tree::file(t + "/b");
        Walk walk(recursive);
        walk.start(t);
        const std::string victim = t + "/" + other(first_file(walk), "a", "b");
        REQUIRE(::unlink(victim.c_str()) == 0);
        if (kind == std::string("fifo")) {
            tree::fifo(victim);
            CHECK(rest(walk).empty());
        } else if (kind == std::string("link")) {
            tree::link(s / "elsewhere", victim);
            CHECK(rest(walk) == Lines{"symlink " + victim});
        } else {
            tree::directory(victim);
            CHECK(rest(walk) == Lines{"directory " + victim});
        }
    }
}

TEST_CASE("walk: a directory swapped for a link while inside it stays the same directory") {
    const Scratch s;
    for (const char *name : {"t", "t/d", "other"})
        tree::directory(s / name);
    for (const char *name : {"1", "2", "3"}) {
        tree::file(s / (std::string("t/d/") + name), "mine");
        tree::file(s / (std::string("other/") + name), "theirs");
    }
    Walk walk(recursive);
    walk.start(s / "t");
    first_file(walk);
    REQUIRE(::rename((s / "t/d").c_str(), (s / "gone").c_str()) == 0);
    tree::link("../other", s / "t/d");
    int files = 0;
    while (auto entry = walk.next()) {
        ++files;
        CHECK(entry->kind == EntryKind::file);
        CHECK(tree::content(*entry) == "mine");
    }
    CHECK(files == 2);
}

TEST_CASE("walk: what an ordinary user may not read") {
    const Scratch s;
    const std::string t = s / "t";
    for (const char *name : {"t", "t/unreadable_dir", "t/search_only", "t/list_only"})
        tree::directory(s / name);
    for (const char *name : {"t/unreadable", "t/readable", "t/search_only/f", "t/list_only/f"})
        tree::file(s / name);
    tree::file(t + "/empty", "");
    tree::link("unreadable_dir/x", t + "/link");
    tree::mode(t + "/empty", 0);
    tree::mode(t + "/unreadable", 0);
    tree::mode(t + "/unreadable_dir", 0);
    tree::mode(t + "/search_only", 0111);
    tree::mode(t + "/list_only", 0444);
    const auto as_nobody = [](const WalkOptions &options, const Lines &arguments) {
        return sorted(tree::in_child([&] {
            become_ordinary();
            return tree::walk(options, arguments);
        }));
    };
    CHECK(as_nobody(recursive, {t}) ==
          Lines{"access_denied " + t + "/unreadable EACCES",
                "cannot_open_directory " + t + "/list_only EACCES",
                "cannot_open_directory " + t + "/search_only EACCES",
                "cannot_open_directory " + t + "/unreadable_dir EACCES", "directory " + t,
                "empty " + t + "/empty", "file " + t + "/readable", "symlink " + t + "/link"});
    CHECK(as_nobody(recursive, {t + "/unreadable", t + "/unreadable_dir", t + "/unreadable_dir/x",
                                t + "/search_only/f", t + "/link"}) ==
          Lines{"access_denied " + t + "/unreadable EACCES", "cannot_access " + t + "/link EACCES",
                "cannot_access " + t + "/unreadable_dir/x EACCES",
                "cannot_open_directory " + t + "/unreadable_dir EACCES",
                "file " + t + "/search_only/f"});
    for (const char *name : {"/unreadable_dir", "/search_only", "/list_only"})
        tree::mode(t + name, 0755);
}

TEST_CASE("walk: no descriptors left is an entry, and the walk goes on") {
    const Scratch s;
    tree::deep(s.path(), "d", 12);
    tree::file(s / "d/beside");
    WalkOptions options = recursive;
    options.max_depth = 100;
    const Lines lines = tree::in_child([&] {
        const int next = ::dup(0);
        const rlimit few{static_cast<rlim_t>(next + 8), static_cast<rlim_t>(next + 8)};
        tree::must(::setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
        return tree::walk(options, {s.path()});
    });
    CHECK(std::ranges::count_if(lines, [](const std::string &l) {
              return l.ends_with("d EMFILE") && l.starts_with("cannot_open_directory");
          }) == 1);
    CHECK(std::ranges::count(lines, "file " + (s / "d/beside")) == 1);
}

TEST_CASE("walk: a lease is waited for, but not for ever") {
    const Scratch s;
    tree::file(s / "f");
    for (const bool gives_way : {true, false}) {
        int ready[2];
        REQUIRE(::pipe(ready) == 0);
        const pid_t holder = ::fork();
        if (holder == 0) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGIO);
            sigprocmask(SIG_BLOCK, &set, nullptr);
            const int fd = ::open((s / "f").c_str(), O_RDWR);
            const bool held = fd >= 0 && ::fcntl(fd, F_SETLEASE, F_WRLCK) == 0;
            if (::write(ready[1], held ? "y" : "n", 1) != 1 || !held)
                ::_exit(1);
            int signal = 0;
            sigwait(&set, &signal);
            if (gives_way)
                ::fcntl(fd, F_SETLEASE, F_UNLCK);
            for (;;)
                ::pause();
        }
        char answer = 'n';
        REQUIRE(::read(ready[0], &answer, 1) == 1);
        ::close(ready[0]);
        ::close(ready[1]);
        const Lines lines = answer == 'y' ? tree::walk(recursive, {s / "f"}) : Lines{};
        ::kill(holder, SIGKILL);
        ::waitpid(holder, nullptr, 0);
        if (answer != 'y') {
            tree::skipped("walk: no leases on this file system");
            return;
        }
        CHECK(lines == (gives_way ? Lines{"file " + (s / "f")}
                                  : Lines{"cannot_open " + (s / "f") + " EAGAIN"}));
    }
}
