// SPDX-License-Identifier: GPL-2.0-only
//
// The walk across mounts: pseudo file systems, other file systems, bind mounts, no /proc. Mounts
// are made in a child's own namespace.
#include "base/walk.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

using hostav::Follow;
using hostav::Walk;
using hostav::WalkOptions;
using tree::Lines;
using tree::Scratch;
using tree::sorted;

namespace {
const WalkOptions recursive{.recursive = true};
} // namespace

TEST_CASE("walk: pseudo file systems are told by type and left out below an argument") {
    WalkOptions options = recursive;
    options.max_depth = 2;
    options.wants_directory = [](const std::string &real, const std::string &) {
        return real == "/" || real == "/proc";
    };
    const auto about_proc = [&](const std::string &argument) {
        Lines lines = tree::walk(options, {argument});
        std::erase_if(lines, [](const std::string &l) {
            return l != "pseudo /proc proc" && l != "directory /proc";
        });
        return lines;
    };
    CHECK(about_proc("/") == Lines{"pseudo /proc proc"});
    CHECK(about_proc("/proc") == Lines{"directory /proc"}); // named
    WalkOptions inside = recursive;
    inside.max_depth = 2;
    inside.wants_directory = [](const std::string &real, const std::string &) {
        return real == "/proc" || real == "/proc/sys";
    };
    const Lines lines = tree::walk(inside, {"/proc"});
    CHECK(std::ranges::count(lines, "directory /proc/sys") == 1);
    options.pseudo_filesystems = true;
    options.max_depth = 2;
    CHECK(about_proc("/") == Lines{"directory /proc"});
    CHECK(tree::walk({}, {"/proc/self/status"}) == Lines{"empty /proc/self/status"});
}

TEST_CASE("walk: pseudo file systems elsewhere, tmpfs is none") {
    if (tree::no_mount_namespace())
        return;
    const Scratch s;
    for (const char *name : {"p", "s", "m", "dev", "ns"})
        tree::directory(s / name);
    tree::file(s / "bound", "");
    tree::link("p", s / "link");
    WalkOptions options = recursive;
    options.directory_links = Follow::always;
    const Lines lines = sorted(tree::in_child([&] {
        tree::own_mounts();
        tree::mount("proc", s / "p");
        tree::mount("sysfs", s / "s");
        tree::mount("tmpfs", s / "m");
        tree::file(s / "m/f");
        tree::bind("/proc/self/ns/net", s / "bound");
        return tree::walk(options, {s.path()});
    }));
    CHECK(lines ==
          sorted({"directory " + s.path(), "directory " + (s / "dev"), "directory " + (s / "ns"),
                  "directory " + (s / "m"), "file " + (s / "m/f"),
                  "pseudo " + (s / "bound") + " nsfs", "pseudo " + (s / "link") + " proc",
                  "pseudo " + (s / "p") + " proc", "pseudo " + (s / "s") + " sysfs"}));
}

TEST_CASE("walk: other file systems are left out when asked, but not as argument") {
    if (tree::no_mount_namespace())
        return;
    const Scratch s;
    for (const char *name : {"m", "d"})
        tree::directory(s / name);
    tree::file(s / "f");
    tree::file(s / "bound");
    tree::link("m", s / "link");
    WalkOptions options = recursive;
    options.cross_fs = false;
    const auto mounted = [&](const std::string &argument) {
        return sorted(tree::in_child([&] {
            tree::own_mounts();
            tree::mount("tmpfs", s / "m");
            tree::file(s / "m/g");
            tree::bind(s / "m/g", s / "bound");
            return tree::walk(options, {argument});
        }));
    };
    CHECK(mounted(s.path()) ==
          sorted({"directory " + s.path(), "directory " + (s / "d"), "excluded " + (s / "bound"),
                  "excluded " + (s / "m"), "file " + (s / "f"), "symlink " + (s / "link")}));
    CHECK(mounted(s / "m") == Lines{"directory " + (s / "m"), "file " + (s / "m/g")});
    CHECK(mounted(s / "link") == Lines{"directory " + (s / "link"), "file " + (s / "link/g")});
    CHECK(mounted(s / "m/g") == Lines{"file " + (s / "m/g")});
}

TEST_CASE("walk: a bind mount of an ancestor does not go round") {
    if (tree::no_mount_namespace())
        return;
    const Scratch s;
    tree::directory(s / "t");
    tree::directory(s / "t/d");
    tree::file(s / "t/f");
    CHECK(sorted(tree::in_child([&] {
              tree::own_mounts();
              tree::bind(s / "t", s / "t/d");
              return tree::walk(recursive, {s / "t"});
          })) == Lines{"directory " + (s / "t"), "file " + (s / "t/f")});
}

TEST_CASE("walk: works without /proc") {
    if (tree::no_mount_namespace())
        return;
    const Scratch s;
    tree::directory(s / "t");
    tree::directory(s / "t/d");
    tree::file(s / "t/d/f", "here");
    tree::link("t/d/f", s / "link");
    tree::link("t", s / "dirlink");
    const Lines lines = tree::in_child([&] {
        tree::own_mounts();
        tree::mount("tmpfs", "/proc");
        Lines seen;
        for (const std::string &argument : {s / "t", s / "link", s / "dirlink", s / "t/d/f"}) {
            Walk walk(recursive);
            walk.start(argument);
            while (auto entry = walk.next())
                if (entry->fd)
                    seen.push_back(entry->path + " " + entry->real_path + " " +
                                   tree::content(*entry));
        }
        return seen;
    });
    const std::string real = " " + (s / "t/d/f") + " here";
    CHECK(lines == Lines{(s / "t/d/f") + real, (s / "link") + real, (s / "dirlink/d/f") + real,
                         (s / "t/d/f") + real});
}
