// SPDX-License-Identifier: GPL-2.0-only
//
// Which files and directories the four expression lists let in.
#include "scan/selection.h"

#include "tests/support/catch.h"

namespace {

using hostav::Selection;
using hostav::SelectionOptions;

Selection compiled(const SelectionOptions &options) {
    auto selection = Selection::compile(options);
    REQUIRE(selection);
    return std::move(*selection);
}

SelectionOptions only_exclude(const std::string &expression) {
    SelectionOptions options;
    options.exclude = {expression};
    return options;
}

} // namespace

TEST_CASE("selection: without expressions everything is wanted") {
    const auto selection = compiled({});
    CHECK(selection.wants_file("/a/b", "b"));
    CHECK(selection.wants_directory("/a", "."));
}

TEST_CASE("selection: an inclusion leaves out the rest and an exclusion beats it") {
    SelectionOptions options;
    options.include = {"f[12]", "keep"};
    options.exclude = {"f2"};
    const auto selection = compiled(options);
    CHECK(selection.wants_file("/s/f1", "s/f1"));
    CHECK(selection.wants_file("/s/keep", "s/keep"));
    CHECK_FALSE(selection.wants_file("/s/f2", "s/f2"));
    CHECK_FALSE(selection.wants_file("/s/f3", "s/f3"));
    CHECK(selection.wants_directory("/s/f3", "s/f3")); // file expressions are for files
}

TEST_CASE("selection: files are matched by their real path only") {
    const auto selection = compiled(only_exclude("^t/"));
    CHECK(selection.wants_file("/srv/t/a", "t/a"));
    const auto real = compiled(only_exclude("^/srv/t/"));
    CHECK_FALSE(real.wants_file("/srv/t/a", "t/a"));
    CHECK(real.wants_file("/srv/other", "/srv/t/link"));
}

TEST_CASE("selection: directories are matched by the real and the given path") {
    SelectionOptions options;
    options.exclude_dir = {"^/proc", "^t$"};
    const auto exclude = compiled(options);
    CHECK_FALSE(exclude.wants_directory("/proc", "../proc"));
    CHECK_FALSE(exclude.wants_directory("/srv/t", "t"));
    CHECK(exclude.wants_directory("/srv/t", "./t"));
    CHECK(exclude.wants_file("/proc", "t")); // directory expressions are for directories

    SelectionOptions including;
    including.include_dir = {"^/srv/one", "^s"};
    including.exclude_dir = {"two"};
    const auto include = compiled(including);
    CHECK(include.wants_directory("/srv/one", "one"));
    CHECK(include.wants_directory("/x/s", "s"));
    CHECK_FALSE(include.wants_directory("/x", "x")); // the starting directory too
    CHECK_FALSE(include.wants_directory("/srv/one/two", "one/two"));
}

TEST_CASE("selection: expressions are extended, unanchored and mind case") {
    const auto selection = compiled(only_exclude("\\.(jpe?g|png){1,2}$"));
    CHECK_FALSE(selection.wants_file("/a.jpg", ""));
    CHECK_FALSE(selection.wants_file("/a.jpegpng", ""));
    CHECK(selection.wants_file("/a.JPG", ""));
    CHECK(selection.wants_file("/a.jpg.txt", ""));
}

TEST_CASE("selection: a newline in a name is a character like any other") {
    const auto dot = compiled(only_exclude("^/a.b$"));
    CHECK_FALSE(dot.wants_file("/a\nb", ""));
    const auto anchored = compiled(only_exclude("^b"));
    CHECK(anchored.wants_file("/a\nb", ""));
}

TEST_CASE("selection: the end of a very long path is matched") {
    const std::string path = "/" + std::string(6000, 'd') + "/name.txt";
    CHECK_FALSE(compiled(only_exclude("name\\.txt$")).wants_file(path, ""));
    CHECK(compiled(only_exclude("name\\.tx$")).wants_file(path, ""));
}

TEST_CASE("selection: an expression that does not compile is named with its option") {
    SelectionOptions options;
    options.exclude = {"fine"};
    options.include_dir = {"[a-z]", "(\n"};
    const auto bad = Selection::compile(options);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().what == "--include-dir=(\\n");
    CHECK(bad.error().why.find("( or \\(") != std::string::npos);
    CHECK(bad.error().why.find('\0') == std::string::npos);

    options = only_exclude("a{1,99999}");
    CHECK_FALSE(Selection::compile(options));
    options = {};
    options.include = {"*["};
    CHECK(Selection::compile(options).error().what == "--include=*[");
    options = {};
    options.exclude_dir = {"["};
    CHECK(Selection::compile(options).error().what == "--exclude-dir=[");
}

TEST_CASE("selection: moves") {
    auto selection = compiled(only_exclude("x"));
    auto second = compiled({});
    second = std::move(selection);
    const Selection third(std::move(second));
    CHECK_FALSE(third.wants_file("/x", ""));
}
