// SPDX-License-Identifier: GPL-2.0-only
//
// Filters over texts of many lines, and over lines that somebody made to hurt.
#include "tests/unit/filter_cases.h"

#include "metric/expression.h"

using namespace hostav;
using namespace hostav::filter_cases;

namespace {

std::string found(std::string_view pattern, std::string_view text) {
    std::string lines;
    filter(pattern).for_each_match(text,
                                   [&lines](auto line) { lines += "<" + std::string(line) + ">"; });
    return lines;
}

std::string repeated(std::string_view what, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i)
        out += what;
    return out;
}

} // namespace

TEST_CASE("lines of a text that match, in order", "[filter]") {
    constexpr std::string_view log = "/a: Eicar FOUND\n/FOUND/b: OK\n/c: X FOUND\r\n\n/d: Y FOUND";
    CHECK(found(default_pattern, log) == "</a: Eicar FOUND></c: X FOUND></d: Y FOUND>");
    CHECK(found("FOUND", log) == "</a: Eicar FOUND></FOUND/b: OK></c: X FOUND></d: Y FOUND>");
    CHECK(found("FOUND -Eicar", log) == "</FOUND/b: OK></c: X FOUND></d: Y FOUND>");
    CHECK(found("?Eicar ?OK", log) == "</a: Eicar FOUND></FOUND/b: OK>");
    CHECK(found("-FOUND", log) == "<>");
    CHECK(found("", log) == "</a: Eicar FOUND></FOUND/b: OK></c: X FOUND><></d: Y FOUND>");
    CHECK(found("[path, ..., FOUND=FOUND]", log) == "</a: Eicar FOUND></c: X FOUND></d: Y FOUND>");
    CHECK(filter(default_pattern).count(log) == 3);
    CHECK(filter("FOUND").count(log) == 4);
    CHECK(filter("FOUND").count("FOUND FOUND\nFOUND\n") == 2);
    CHECK(filter("").count("") == 0);
    CHECK(filter("").count("\n") == 1);
    CHECK(filter(default_pattern).count({}) == 0);
    CHECK(filter("\"a\nb\"").count("a\nb\n") == 0);
    CHECK(filter("\"a\r\"").count("a\r\n") == 0);
    CHECK(filter(R"({ $.v = "x" })")
              .count("{\"v\":\"x\"}\n{\"v\":\"y\"}\n{\"v\":\"\\u0078\"}\nx\n") == 2);
}

TEST_CASE("a literal that a regular expression may leave out is not looked for", "[filter]") {
    for (const std::string_view pattern : {"%FOUND?%", "%FOUND*%", "%FOUND{0,1}%", "%FOUND{,1}%",
                                           "%FOUN|DX%", "%FOUND|N%", "%[F]OUND?%"}) {
        INFO(pattern);
        CHECK(filter(pattern).count("FOUN\n") == 1);
    }
    CHECK(filter("%FOUND+%").count("FOUNDDD\nFOUN\n") == 1);
    CHECK(filter("%FO{2}U%").count("FOOU\nFOU\n") == 1);
    CHECK(filter(R"(%F\.O%)").count("F.O\nFxO\n") == 1);
}

TEST_CASE("JSON that is nested deeply costs nothing and hides nothing", "[filter]") {
    const std::size_t deep = 1'000'000;
    const auto nest = repeated("[", deep) + repeated("]", deep);
    const auto parsed = filter(R"({ $.verdict = "infected" && $.x[0][0] EXISTS })");
    CHECK(parsed.matches(R"({"x":)" + nest + R"(,"verdict":"infected"})"));
    CHECK_FALSE(parsed.matches(R"({"x":)" + nest + R"(,"verdict":"clean"})"));
    CHECK_FALSE(parsed.matches(repeated(R"({"verdict":)", deep)));
    CHECK_FALSE(parsed.matches(repeated("[", deep)));
    CHECK(parsed.fields(R"({"x":)" + nest + R"(,"verdict":"infected"})").size() == 1);
}

TEST_CASE("a line of many fields is read once, in little memory", "[filter]") {
    const auto many = repeated("\"a ", 500'000) + "[b " + repeated("] ] ", 10) + "500";
    CHECK(filter("[first, ..., last = 500]").matches(many));
    CHECK(filter("[..., last = 501]").matches(many) == false);
    CHECK(filter("[a, b, ..., y, z]").fields(repeated("x ", 5000)).size() == most_fields + 4);
    CHECK(filter("[a, rest]").matches(many));
}

TEST_CASE("a search for a regular expression ends", "[filter]") {
    const auto slow = filter("%a*a*a*a*a*a*a*a*x%");
    CHECK_FALSE(slow.matches(std::string(20'000, 'a') + "y"));
    const auto quadratic = filter(R"(%\s+\S\s+$%)");
    CHECK_FALSE(quadratic.matches(std::string(1 << 22, ' ') + "y"));
}

TEST_CASE("of a very long line the two ends are searched", "[filter]") {
    const std::string middle(std::size_t{3} * longest_searched, '-');
    CHECK(filter(default_pattern).matches(middle + ": Eicar FOUND"));
    CHECK(filter("%^begin%").matches("begin" + middle));
    CHECK_FALSE(filter("%begin%").matches(middle + "begin" + middle));
    CHECK(filter("begin").matches(middle + "begin" + middle)); // terms have no such limit
}

TEST_CASE("bytes of any kind", "[filter]") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    for (const std::string_view pattern : {"", "-none", "%.%", "[...]", "[a]"}) {
        INFO(pattern);
        CHECK(filter(pattern).matches(all));
    }
    CHECK_FALSE(filter("{ $.a NOT EXISTS }").matches(all));
    CHECK(filter("%^a.b$%").matches(std::string_view("a\0b", 3)));
}
