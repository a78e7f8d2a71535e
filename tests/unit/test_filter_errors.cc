// SPDX-License-Identifier: GPL-2.0-only
//
// What is wrong in a pattern, and where.
#include "tests/unit/filter_cases.h"

using namespace hostav;
using namespace hostav::filter_cases;

namespace {

struct Wrong {
    std::string_view pattern;
    std::size_t offset;
    std::string_view why; ///< begins with
};

void check_wrong(std::initializer_list<Wrong> cases) {
    for (const auto &one : cases) {
        INFO("pattern " << one.pattern);
        const auto parsed = parse_filter(one.pattern);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().offset == one.offset);
        INFO("why " << parsed.error().why);
        CHECK(parsed.error().why.starts_with(one.why));
    }
}

} // namespace

TEST_CASE("errors in terms and regular expressions", "[filter]") {
    check_wrong({
        {"ERR*", 3, "expected a letter"},
        {"hello-world", 5, "expected a letter"},
        {"a -", 3, "expected a term"},
        {"? b", 1, "expected a term"},
        {"a (b)", 2, "expected a letter"},
        {R"("ERROR)", 0, "expected a second \""},
        {R"(a "b\")", 2, "expected a second \""},
        {R"("a"b)", 3, "expected a letter"},
        {"a %b%", 2, "a regular expression stands alone"},
        {"%b% a", 4, "a regular expression stands alone"},
        {"%^(ERROR|WARN)%", 2, "parentheses are not supported"},
        {"%ERROR(?= 500)%", 6, "parentheses are not supported"},
        {"%hello!%", 6, "not supported in a regular expression; \\x21"},
        {"%caf\u00e9%", 4, "only ASCII"},
        {"%[abc%", 1, "expected ]"},
        {"%abc", 4, "expected %"},
        {"%%", 1, "expected a regular expression"},
        {R"(%a\bc%)", 2, "expected \\ before an operator"},
        {R"(%a\1%)", 2, "expected \\ before an operator"},
        {R"(%\x4%)", 1, "expected \\x and two"},
        {R"(%\xff%)", 1, "expected \\x and two"},
        {"%a{%", 2, "expected a count"},
        {"%a{1,2%", 2, "expected a count"},
        {"%a}%", 2, "expected \\ before a brace"},
        {"%ab[z-a]%", 6, "range out of order"},
        {"%a|*%", 3, "quantifier"},
        {"%a{70000}%", 2, "number too big"},
    });
}

TEST_CASE("errors in space-delimited patterns", "[filter]") {
    check_wrong({
        {"[a, b", 0, "expected ] that ends"},
        {"[a b]", 3, "expected , or ]"},
        {"[a] b", 4, "expected nothing"},
        {"[..., status, ...]", 14, "a pattern has at most one ..."},
        {"[word, word]", 7, "a field of that name"},
        {"[=5]", 1, "expected a field's name"},
        {"[a =]", 4, "expected a number, a word"},
        {"[a = 1 && b = 2]", 10, "expected the field's name, a, again"},
        {"[a = 1 && a]", 11, "expected one of ="},
        {"[a > x]", 5, "expected a number"},
        {"[a > \"5\"]", 5, "expected a number"},
        {"[a > 5*]", 5, "expected a number"},
        {"[a = /x]", 5, "expected a number, a word"},
        {"[(a = 1), b]", 1, "expected , or ]"},
        {"[a=%x%, b=%y%, c=%z%]", 17, "a pattern has at most 2 regular"},
        {"[a = \"x]", 5, "expected a second"},
        {"[a == 1]", 4, "expected a number, a word"},
    });
}

TEST_CASE("errors in JSON patterns", "[filter]") {
    check_wrong({
        {"{ $.v = 1", 0, "expected } that ends"},
        {"{ }", 2, "expected a selector"},
        {"{ $.v }", 6, "expected one of ="},
        {"{ $.v == 1 }", 7, "expected a number, a word"},
        {"{ $.v > 0 AND $.v < 2 }", 10, "expected && or || or }"},
        {"{ $.v > \"Alpha\" }", 8, "expected a number"},
        {"{ $.v = null }", 8, "expected a value; for null write IS NULL"},
        {"{ $.v IS 1 }", 9, "expected NULL, TRUE or FALSE"},
        {"{ $.v NOT }", 10, "expected EXISTS"},
        {"{ !($.v = 1) }", 2, "expected a selector"},
        {"{ ($.v = 1 }", 11, "expected && or || or )"},
        {"{ ($.v = 1", 2, "expected ) that ends"},
        {"{ \"v\": [1] }", 2, "expected a selector"},
        {"{ $.v = %(Alpha|Beta)% }", 9, "parentheses"},
        {"{ $.items[*].* = 1 }", 2, "a selector has at most 1 wildcard"},
        {"{ $..value = \"hit\" }", 4, "expected a name"},
        {"{ $.arr[-1] = 1 }", 8, "expected a number, * or"},
        {"{ $.arr[0:2] = 1 }", 8, "expected a number, * or"},
        {"{ $.['x] = 1 }", 5, "expected a key"},
        {"{ $ = 1 }", 3, "expected .name"},
        {"{ $.a@b = 1 }", 5, "expected one of ="},
        {R"({ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.* = 1 })", 44, "a pattern has at most 3"},
        {"{ $.v = %A% || $.v = %B% || $.v = %C% }", 34, "a pattern has at most 2"},
        {"{ $.v = 1 } x", 12, "expected nothing"},
        {"{ $.a = 1 && }", 13, "expected a selector"},
    });
}

TEST_CASE("limits of a pattern", "[filter]") {
    CHECK(parse_filter(std::string(1024, 'a')));
    CHECK(parse_filter(std::string(1024, 'a') + "b").error().offset == 1024);
    std::string characters = "\"";
    for (int i = 0; i < 1022; ++i)
        characters += "\u00e4";
    CHECK(parse_filter(characters + "\""));
    CHECK(parse_filter(characters + "x\"").error().offset == characters.size() + 1);
    CHECK_FALSE(parse_filter(std::string(1 << 20, '\x80')));

    const auto nested = [](std::size_t depth) {
        return "{" + std::string(depth, '(') + "$.a=1" + std::string(depth, ')') + "}";
    };
    CHECK(parse_filter(nested(64)));
    CHECK(parse_filter(nested(65)).error().offset == 65);
    CHECK_FALSE(parse_filter("{" + std::string(1000, '(')));
    CHECK_FALSE(parse_filter(std::string("a\0b", 3)));
}

TEST_CASE("an error as a line and as a caret", "[filter]") {
    const std::string pattern = "\"\u00e4\x1b\xff\" ERR*";
    const auto parsed = parse_filter(pattern);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error()
              .error(pattern, "--pattern")
              .text()
              .starts_with("--pattern: character 10: expected a letter"));
    CHECK(parsed.error().caret(pattern) == "\"\u00e4?\ufffd\" ERR*\n         ^");
    CHECK(parse_filter("%a").error().caret("%a") == "%a\n  ^");
}
