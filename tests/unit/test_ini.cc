// SPDX-License-Identifier: GPL-2.0-only
#include "conf/ini.h"

#include "tests/support/catch.h"
#include "tests/support/tree.h"

using namespace hostav;

namespace {

IniFile parse(const std::string &text) {
    auto file = parse_ini(text, "/etc/f");
    REQUIRE(file);
    return std::move(*file);
}

std::string error_of(const std::string &text) {
    const auto file = parse_ini(text, "f");
    return file ? "none" : file.error().text();
}

/// `section: key=value@line` …, with `*` where it is inherited.
std::string shown(const std::string &text) {
    std::string all;
    for (const auto &section : parse(text).sections) {
        all += section.name + ":";
        for (const auto &value : section.values)
            all += " " + value.key + "=" + value.value + "@" + std::to_string(value.line) +
                   (value.inherited ? "*" : "");
        all += ";";
    }
    return all;
}

} // namespace

TEST_CASE("sections, keys and values in order, with their lines", "[ini]") {
    CHECK(shown("[b]\nKey = Value\nother: x\n\n[/var/log/a b]\nk=v\n") ==
          "b: key=Value@2 other=x@3;/var/log/a b: k=v@6;");
    CHECK(shown("[a]\r\nkey = v\r\nempty =\r\n") == "a: key=v@2 empty=@3;");
    CHECK(shown("[a]\nk = a=b: c\nurl: http://x\n") == "a: k=a=b: c@2 url=http://x@3;");
    CHECK(shown("").empty());
    CHECK(shown("[a] ; junk\n  indented = 1\n  second = 2\n") == "a: indented=1@2 second=2@3;");
    CHECK(parse("[a]\n").where(7) == "/etc/f:7");
}

TEST_CASE("comments are lines of their own", "[ini]") {
    CHECK(shown("# c\n; c\n[a]\n#k = 1\n  # c\nk = 1 # no ; comment\n") ==
          "a: k=1 # no ; comment@6;");
}

TEST_CASE("indented lines continue a value", "[ini]") {
    CHECK(shown("[a]\nk = 1\n  2\n # c\n\t[3]\n\n  4\n\nl = 5\n") ==
          "a: k=1\n2\n[3]\n\n4@2 l=5@9;");
    CHECK(shown("[a]\nk =\n  1\n[b]\n") == "a: k=1@2;b:;");
}

TEST_CASE("percent signs mean nothing", "[ini]") {
    CHECK(shown("[a]\nd = %b %d %(x)s %%\n") == "a: d=%b %d %(x)s %%@2;");
}

TEST_CASE("[DEFAULT] is in every section, before it and after it", "[ini]") {
    CHECK(shown("[a]\nk = 1\n[DEFAULT]\nk = 2\nl = 3\n[b]\n") ==
          "a: k=1@2 l=3@5*;b: k=2@4* l=3@5*;");
}

TEST_CASE("what is none of it fails with its line", "[ini]") {
    CHECK(error_of("k = 1\n") == "f:1: nothing may stand before the first [section]");
    CHECK(error_of("[a]\nword\n") == "f:2: neither a section nor key = value: word");
    CHECK(error_of("[a]\n= v\n") == "f:2: neither a section nor key = value: = v");
    CHECK(error_of("[a\n") == "f:1: no section header: [a");
    CHECK(error_of("[]\n") == "f:1: no section header: []");
    CHECK(error_of("[a]\n[b]\n[a]\n") == "f:3: section [a] is there twice");
    CHECK(error_of("[a]\nk = 1\nK: 2\n") == "f:3: k is there twice in [a]");
    CHECK(error_of("[a]\n\033 x\n") == "f:2: neither a section nor key = value: \\033 x");
}

TEST_CASE("a file that cannot be read fails", "[ini]") {
    const tree::Scratch scratch;
    CHECK(read_ini(scratch / "none").error().text() ==
          (scratch / "none") + ": No such file or directory");
    CHECK_FALSE(read_ini(scratch.path()));
    tree::file(scratch / "empty", "");
    CHECK(read_ini(scratch / "empty").has_value());
}

TEST_CASE("a section's values are found by key", "[ini]") {
    const auto file = parse("[a]\nk = 1\n");
    REQUIRE(file.sections[0].find("k") != nullptr);
    CHECK(file.sections[0].find("k")->value == "1");
    CHECK(file.sections[0].find("x") == nullptr);
}
