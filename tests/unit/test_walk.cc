// SPDX-License-Identifier: GPL-2.0-only
//
// What the walk gives for trees that hold still: the expected lists are what clamscan 1.4 prints
// for the same trees, where it has a line for it.
#include "base/walk.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>

using hostav::Entry;
using hostav::EntryKind;
using hostav::Follow;
using hostav::Walk;
using hostav::WalkOptions;
using tree::Lines;
using tree::Scratch;
using tree::sorted;

namespace {

const WalkOptions plain;
const WalkOptions recursive{.recursive = true};

/// The entry of `path` in a walk of `argument`; kind unsupported and an empty path if there is
/// none.
Entry entry_of(const WalkOptions &options, const std::string &argument, const std::string &path) {
    Walk walk(options);
    walk.start(argument);
    while (auto entry = walk.next())
        if (entry->path == path)
            return std::move(*entry);
    Entry none;
    none.kind = EntryKind::unsupported;
    return none;
}

/// t/{f,empty,fifo,a/{f,b/f}} x/{f,y/f}, and links of every kind in t and beside it.
void make_tree(const Scratch &s) {
    for (const char *name : {"t", "t/a", "t/a/b", "x", "x/y"})
        tree::directory(s / name);
    for (const char *name : {"t/f", "t/a/f", "t/a/b/f", "x/f", "x/y/f"})
        tree::file(s / name, name);
    tree::file(s / "t/empty", "");
    tree::fifo(s / "t/fifo");
    tree::link("../x", s / "t/to_dir");
    tree::link("../x/f", s / "t/to_file");
    tree::link("empty", s / "t/to_empty");
    tree::link("fifo", s / "t/to_fifo");
    tree::link("nowhere", s / "t/to_nothing");
}

Lines in_scratch(const Scratch &s, const WalkOptions &options, const Lines &arguments) {
    return tree::in_child([&] {
        tree::must(::chdir(s.path().c_str()) == 0, "chdir");
        return tree::walk(options, arguments);
    });
}

} // namespace

TEST_CASE("walk: without recursion the files directly in the directory") {
    const Scratch s;
    make_tree(s);
    CHECK(sorted(in_scratch(s, plain, {"t"})) == Lines{"directory t", "empty t/empty", "file t/f",
                                                       "symlink t/to_dir", "symlink t/to_empty",
                                                       "symlink t/to_fifo", "symlink t/to_file",
                                                       "symlink t/to_nothing"});
    CHECK(sorted(in_scratch(s, plain, {"x/f", "x"})) ==
          Lines{"directory x", "file x/f", "file x/f"});
}

TEST_CASE("walk: depth counts the argument as the first level") {
    const Scratch s;
    make_tree(s);
    WalkOptions options = recursive;
    options.wants_file = [](const std::string &, const std::string &shown) {
        return !shown.ends_with("empty");
    };
    const auto directories = [&](unsigned depth) {
        options.max_depth = depth;
        Lines lines = in_scratch(s, options, {"t"});
        std::erase_if(lines, [](const std::string &l) { return !l.starts_with("directory"); });
        return lines;
    };
    CHECK(directories(0).empty());
    CHECK(directories(1) == Lines{"directory t"});
    CHECK(directories(2) == Lines{"directory t", "directory t/a"});
    CHECK(directories(3) == Lines{"directory t", "directory t/a", "directory t/a/b"});
    // A file as argument is no level.
    options.max_depth = 0;
    CHECK(in_scratch(s, options, {"t/f"}) == Lines{"file t/f"});

    options.max_depth = 2;
    Walk walk(options);
    walk.start(s / "t");
    while (walk.next()) {
    }
    CHECK(walk.too_deep() == 1);
}

TEST_CASE("walk: depth first, in readdir's order") {
    const Scratch s;
    make_tree(s);
    for (int i = 0; i < 40; ++i)
        tree::file(s / ("t/a/n" + std::to_string(i * 7919 % 101)));
    Lines expected;
    const std::function<void(const std::string &)> list = [&](const std::string &path) {
        expected.push_back(path);
        DIR *dir = ::opendir(path.c_str());
        REQUIRE(dir != nullptr);
        while (const dirent *entry = ::readdir(dir)) {
            const std::string name = entry->d_name;
            if (name == "." || name == ".." || name == "fifo")
                continue;
            if (entry->d_type == DT_DIR)
                list(path + "/" + name);
            else
                expected.push_back(path + "/" + name);
        }
        ::closedir(dir);
    };
    list(s / "t");
    Lines seen;
    Walk walk(recursive);
    walk.start(s / "t");
    while (auto entry = walk.next())
        seen.push_back(entry->path);
    CHECK(seen == expected);
    CHECK(seen.size() > 45);
}

TEST_CASE("walk: paths are shown as given, without trailing slashes") {
    const Scratch s;
    make_tree(s);
    CHECK(in_scratch(s, plain, {"x/"}) == Lines{"directory x", "file x/f"});
    CHECK(in_scratch(s, plain, {".//x//"}) == Lines{"directory .//x", "file .//x/f"});
    CHECK(in_scratch(s, plain, {"x/y/.."}) == Lines{"directory x/y/..", "file x/y/../f"});
    CHECK(in_scratch(s, plain, {"."}) == Lines{"directory ."});
    CHECK(entry_of(plain, s / "x/", s / "x").real_path == s / "x");
    CHECK(entry_of(plain, s / "t/../x", s / "t/../x/f").real_path == s / "x/f");
    const WalkOptions none{.wants_directory = [](const auto &, const auto &) { return false; }};
    CHECK(tree::walk(none, {"/", "///"}) == Lines{"excluded /", "excluded /"});
}

TEST_CASE("walk: the real path is absolute below a relative argument") {
    const Scratch s;
    make_tree(s);
    const Lines real = tree::in_child([&] {
        tree::must(::chdir((s / "x").c_str()) == 0, "chdir");
        return Lines{entry_of(recursive, ".", "./y/f").real_path,
                     entry_of(plain, "f", "f").real_path,
                     entry_of(plain, "../t/to_file", "../t/to_file").real_path};
    });
    CHECK(real == Lines{s / "x/y/f", s / "x/f", s / "x/f"});
}

TEST_CASE("walk: an argument that is not there") {
    const Scratch s;
    make_tree(s);
    CHECK(in_scratch(s, plain, {"nothere", "t/f/x", "t/f/", "t/to_nothing/", "no/such/path", ""}) ==
          Lines{"cannot_access nothere ENOENT", "cannot_access t/f/x ENOTDIR",
                "cannot_access t/f ENOTDIR", "cannot_access t/to_nothing ENOENT",
                "cannot_access no/such/path ENOENT", "cannot_access  ENOENT"});
    CHECK(tree::walk(plain, {std::string("/tmp\0x", 6)}).size() == 1);
    const std::string long_name(300, 'n');
    CHECK(in_scratch(s, plain, {long_name}) ==
          Lines{"cannot_access " + long_name + " ENAMETOOLONG"});
}

TEST_CASE("walk: names are bytes") {
    const Scratch s;
    const Lines names{"a\nb FOUND", "\xff\xfe\x80", " ", "-r", "[a,b]", "\x1b[2J", "..."};
    for (const std::string &name : names)
        tree::file(s / name, name);
    for (const std::string &name : names) {
        const Entry entry = entry_of(plain, s.path(), s / name);
        CHECK(entry.kind == EntryKind::file);
        CHECK(entry.name == name);
        CHECK(entry.real_path == s / name);
        CHECK(tree::content(entry) == name);
        CHECK(tree::walk(plain, {s / name}) == Lines{"file " + (s / name)});
    }
}

TEST_CASE("walk: special files are passed over in a directory and unsupported as argument") {
    const Scratch s;
    tree::fifo(s / "fifo");
    const hostav::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (s / "socket").c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) ==
            0);
    CHECK(tree::walk(recursive, {s.path()}) == Lines{"directory " + s.path()});
    CHECK(tree::walk(recursive, {s / "fifo", s / "socket", "/dev/null"}) ==
          Lines{"unsupported " + (s / "fifo"), "unsupported " + (s / "socket"),
                "unsupported /dev/null"});
}

TEST_CASE("walk: links in a directory, for every value of both options") {
    const Scratch s;
    make_tree(s);
    const auto links = [&](Follow directories, Follow files) {
        WalkOptions options = recursive;
        options.directory_links = directories;
        options.file_links = files;
        Lines lines = sorted(in_scratch(s, options, {"t"}));
        std::erase_if(lines,
                      [](const std::string &l) { return l.find("to_") == std::string::npos; });
        return lines;
    };
    const Lines none{"symlink t/to_dir", "symlink t/to_empty", "symlink t/to_fifo",
                     "symlink t/to_file", "symlink t/to_nothing"};
    for (const Follow d : {Follow::never, Follow::arguments})
        for (const Follow f : {Follow::never, Follow::arguments})
            CHECK(links(d, f) == none);
    const Lines directories{"directory t/to_dir", "directory t/to_dir/y", "file t/to_dir/f",
                            "file t/to_dir/y/f",  "symlink t/to_empty",   "symlink t/to_fifo",
                            "symlink t/to_file"};
    CHECK(links(Follow::always, Follow::never) == directories);
    CHECK(links(Follow::always, Follow::arguments) == directories);
    const Lines files{"empty t/to_empty", "file t/to_file", "symlink t/to_dir",
                      "symlink t/to_fifo"};
    CHECK(links(Follow::never, Follow::always) == files);
    CHECK(links(Follow::arguments, Follow::always) == files);
    CHECK(links(Follow::always, Follow::always) ==
          Lines{"directory t/to_dir", "directory t/to_dir/y", "empty t/to_empty", "file t/to_dir/f",
                "file t/to_dir/y/f", "file t/to_file", "symlink t/to_fifo"});
}

TEST_CASE("walk: links as arguments, for every value of both options") {
    const Scratch s;
    make_tree(s);
    tree::link("loop", s / "loop");
    for (const Follow d : {Follow::never, Follow::arguments, Follow::always})
        for (const Follow f : {Follow::never, Follow::arguments, Follow::always}) {
            WalkOptions options;
            options.directory_links = d;
            options.file_links = f;
            CAPTURE(static_cast<int>(d), static_cast<int>(f));
            CHECK(in_scratch(s, options, {"t/to_dir"}) ==
                  (d == Follow::never ? Lines{"symlink t/to_dir"}
                                      : Lines{"directory t/to_dir", "file t/to_dir/f"}));
            CHECK(in_scratch(s, options, {"t/to_dir/"}) ==
                  Lines{"directory t/to_dir", "file t/to_dir/f"});
            const bool follow = f != Follow::never;
            CHECK(in_scratch(s, options, {"t/to_file", "t/to_empty", "t/to_fifo"}) ==
                  Lines{follow ? "file t/to_file" : "symlink t/to_file",
                        follow ? "empty t/to_empty" : "symlink t/to_empty", "symlink t/to_fifo"});
            const bool any = follow || d != Follow::never;
            CHECK(in_scratch(s, options, {"t/to_nothing", "loop"}) ==
                  (any ? Lines{} : Lines{"symlink t/to_nothing", "symlink loop"}));
        }
}

TEST_CASE("walk: a followed link has the target's place and no directory") {
    const Scratch s;
    make_tree(s);
    const Entry entry = entry_of(plain, s / "t/to_file", s / "t/to_file");
    CHECK(entry.kind == EntryKind::file);
    CHECK(entry.real_path == s / "x/f");
    CHECK(entry.directory == nullptr);
    CHECK(tree::content(entry) == "x/f");
    CHECK(entry_of(plain, s / "t/to_dir", s / "t/to_dir/f").real_path == s / "x/f");
}

TEST_CASE("walk: directory and name lead to the object, the descriptor is fit to scan") {
    const Scratch s;
    make_tree(s);
    for (const std::string &argument : {s / "t", s / "t/f"}) {
        const Entry entry = entry_of(recursive, argument, s / "t/f");
        REQUIRE(entry.directory);
        struct stat named = {};
        struct stat opened = {};
        CHECK(::fstatat(entry.directory->get(), entry.name.c_str(), &named, 0) == 0);
        CHECK(::fstat(entry.fd.get(), &opened) == 0);
        CHECK(named.st_ino == opened.st_ino);
        CHECK(entry.st.st_ino == opened.st_ino);
        CHECK((::fcntl(entry.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((::fcntl(entry.fd.get(), F_GETFL) & O_ACCMODE) == O_RDONLY);
        CHECK((::fcntl(entry.fd.get(), F_GETFL) & O_NOATIME) != 0);
    }
    const Entry empty = entry_of(recursive, s / "t", s / "t/empty");
    CHECK(empty.kind == EntryKind::empty);
    CHECK_FALSE(empty.fd);
}

TEST_CASE("walk: a link to an ancestor ends where it would go round") {
    const Scratch s;
    make_tree(s);
    tree::link("..", s / "t/a/up");
    tree::link(".", s / "t/a/b/here");
    WalkOptions options = recursive;
    options.directory_links = Follow::always;
    options.max_depth = 1000;
    const Lines lines = in_scratch(s, options, {"t"});
    CHECK(std::ranges::count(lines, "symlink t/a/up") == 1);
    CHECK(std::ranges::count(lines, "symlink t/a/b/here") == 1);
    CHECK(std::ranges::count(lines, "directory t/a") == 1);
}

TEST_CASE("walk: hard links are one inode under every name") {
    const Scratch s;
    tree::file(s / "one");
    REQUIRE(::link((s / "one").c_str(), (s / "two").c_str()) == 0);
    const Entry one = entry_of(plain, s.path(), s / "one");
    const Entry two = entry_of(plain, s.path(), s / "two");
    CHECK(one.kind == EntryKind::file);
    CHECK(two.kind == EntryKind::file);
    CHECK(one.st.st_ino == two.st.st_ino);
    CHECK(one.st.st_nlink == 2);
}

TEST_CASE("walk: filters see the real and the shown path") {
    const Scratch s;
    make_tree(s);
    WalkOptions options = recursive;
    options.directory_links = Follow::always;
    Lines asked;
    options.wants_directory = [&](const std::string &real, const std::string &shown) {
        asked.push_back(real + " " + shown);
        return !shown.ends_with("/a");
    };
    options.wants_file = [&](const std::string &real, const std::string &) {
        return real != s / "x/f" && !real.ends_with("/empty");
    };
    const Lines lines = sorted(tree::walk(options, {s / "t"}));
    const std::string t = s / "t";
    CHECK(lines ==
          Lines{"directory " + t, "directory " + t + "/to_dir", "directory " + t + "/to_dir/y",
                "excluded " + t + "/a", "excluded " + t + "/empty", "excluded " + t + "/to_dir/f",
                "file " + t + "/f", "file " + t + "/to_dir/y/f", "symlink " + t + "/to_empty",
                "symlink " + t + "/to_fifo", "symlink " + t + "/to_file"});
    CHECK(std::ranges::count(asked, t + " " + t) == 1);
    CHECK(std::ranges::count(asked, (s / "x/y ") + t + "/to_dir/y") == 1);
    // The argument itself, a file too, and not what is no file.
    options.wants_directory = [](const std::string &, const std::string &) { return false; };
    options.wants_file = options.wants_directory;
    CHECK(in_scratch(s, options, {"t", "t/f", "t/to_file", "t/fifo"}) ==
          Lines{"excluded t", "excluded t/f", "excluded t/to_file", "unsupported t/fifo"});
}
