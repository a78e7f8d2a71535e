// SPDX-License-Identifier: GPL-2.0-only
#include "base/regex.h"

#include "tests/support/catch.h"

using namespace hostav;

namespace {

Regex regex(const std::string &pattern, const Regex::Options &options = {}) {
    auto compiled = Regex::compile(pattern, options, "test");
    REQUIRE(compiled);
    return std::move(*compiled);
}

std::string error_of(const std::string &pattern) {
    const auto compiled = Regex::compile(pattern, {}, "here");
    return compiled ? "none" : compiled.error().text();
}

} // namespace

TEST_CASE("an expression is searched for anywhere", "[regex]") {
    const auto date = regex(R"(\d{4}-\d\d)");
    CHECK(date.search("at 2026-01"));
    CHECK_FALSE(date.search("at 2026-x1"));
    CHECK_FALSE(date.search(""));
    CHECK_FALSE(date.search({}));
    CHECK(regex("^$").search({}));
    CHECK(regex("b").search(std::string_view("a\0b", 3)));
}

TEST_CASE("groups of the first match, by number and name", "[regex]") {
    const auto pair = regex("(?P<key>[a-z]+)=(?P<value>[0-9]+)?(;)?");
    std::vector<std::string_view> groups;
    REQUIRE(pair.search("?? ab=12 cd=3;", groups));
    REQUIRE(groups.size() == 4);
    CHECK(groups[0] == "ab=12");
    CHECK(groups[pair.group("key")] == "ab");
    CHECK(groups[pair.group("value")] == "12");
    CHECK(groups[3].data() == nullptr);
    CHECK(pair.group("none") == 0);
    CHECK_FALSE(pair.search("nothing", groups));
    CHECK(groups[0] == "ab=12");
}

TEST_CASE("case is ignored and characters are UTF-8 on request", "[regex]") {
    CHECK(regex("jan", {.ignore_case = true}).search("1 JAN"));
    CHECK_FALSE(regex("jan").search("1 JAN"));
    CHECK(regex("^.$", {.utf = true}).search("\u00e4"));
    CHECK_FALSE(regex("^.$").search("\u00e4"));
    CHECK(regex("b", {.utf = true})
              .search("a\xff"
                      "b"));
    CHECK_FALSE(regex("^.$", {.utf = true}).search("\xff"));
}

TEST_CASE("a wrong expression's error says where", "[regex]") {
    CHECK(error_of("ab(c") == "here: missing closing parenthesis at 4");
    CHECK(error_of("[z-a]").starts_with("here: range out of order"));
    CHECK(error_of(R"(\C)").starts_with("here: "));
}

TEST_CASE("an expression that goes back for ever gives up, and is counted", "[regex]") {
    const auto slow = regex("^(a+)+$");
    CHECK(slow.exhausted() == 0);
    CHECK_FALSE(slow.search(std::string(60, 'a') + "b"));
    CHECK(slow.exhausted() == 1);
    CHECK(slow.search("aaaa"));
    // Deeper than machine code's stack.
    CHECK(regex("^(?:(a)|b)*$").search(std::string(5000, 'a')));
}
