// SPDX-License-Identifier: GPL-2.0-only
//
// Space-delimited patterns. Examples are those of the user guide's page, and what the service
// answered for others.
#include "tests/unit/filter_cases.h"

using namespace hostav;
using namespace hostav::filter_cases;

namespace {

constexpr std::string_view access_line =
    R"(127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";
constexpr std::string_view more =
    R"(10.1.2.3  -  eve [06/Jan/2026:03:04:05 +0000] "PUT /a.html HTTP/1.1" 403 1999 tail)";
constexpr std::string_view tabs = "10.1.2.4\t-\teve\t[06/Jan/2026:03:04:06 +0000]\t"
                                  "\"PUT /a.html HTTP/1.1\"\t403\t1999";
constexpr std::string_view info = "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200";
constexpr std::string_view part =
    "INFO 09/25/2014 12:00:01 POST /service/resource/67/part/111 1310";
constexpr std::string_view warning = "WARNING 09/25/2014 12:00:02 Invalid user request";
constexpr std::string_view error = "ERROR 09/25/2014 12:00:02 Failed to process request";

} // namespace

TEST_CASE("conditions of a space-delimited pattern", "[filter]") {
    check({
        {R"([ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes])",
         access_line, true},
        {R"([ip=%127\.0\.0\.[2-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes])",
         access_line, false},
        {"[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", access_line,
         true},
        {"[ip, user, username, timestamp, request =*.htm, status_code = 4*, bytes]", access_line,
         false},
        {"[ip, user, username, timestamp, request, status_code = 5*, bytes]", access_line, false},
        {"[..., request =*.html*, status_code = 4*, bytes]", access_line, true},
        {"[ip, user, username, timestamp, request =*.html*, status_code = 404 || status_code = "
         "410, bytes]",
         access_line, true},
        {"[ip, user, username, timestamp, request, status_code = 403 || status_code = 410, bytes]",
         access_line, false},
        {"[ip, server, username, timestamp, request, status_code, bytes > 1000]", access_line,
         true},
        {"[ip, server, username, timestamp, request, status_code, bytes > 1534]", access_line,
         false},
        {"[..., status >= 400 && status < 500, bytes]", access_line, true},
        {"[..., status >= 400 && status < 404, bytes]", access_line, false},
        {"[..., status = 1 || status > 400 && status != 404, bytes]", access_line, false},
        {"[ip, id, user, timestamp, request, status_code, size]", access_line, true},
        {R"([..., request = "GET /index*", status, bytes])", access_line, true},
        {R"([..., request = "GET /other*", status, bytes])", access_line, false},
        {"[ip, ..., status <= 404, bytes]", access_line, true},
        {"[..., user = frank, t, r, s, b]", access_line, true},
        {"[..., bytes = 1.534e3]", access_line, true},
        {"[..., bytes = \"1534.0\"]", access_line, false},
        {"[..., bytes > 1000, x]", access_line, false},
    });
}

TEST_CASE("words in their order", "[filter]") {
    check({
        {"[w1=ERROR, w2]", error, true},
        {"[w1=ERROR, w2]", warning, false},
        {"[w1=ERROR, w2]", "ERROR message", true},
        {"[w1=ERROR, w2]", "ERROR", false},
        {"[w1=ERROR]", error, false},
        {"[w1=ERROR]", "ERROR", true},
        {"[w1=ERROR, ...]", "ERROR", true},
        {"[w1=ERROR || w1=WARNING, w2]", error, true},
        {"[w1=ERROR || w1=WARNING, w2]", warning, true},
        {"[w1=ERROR || w1=WARNING, w2]", info, false},
        {"[w1!=ERROR && w1!=WARNING, w2]", info, true},
        {"[w1!=ERROR && w1!=WARNING, w2]", error, false},
        {"[w1!=ERROR && w1!=WARNING, w2]", warning, false},
        {"[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]", info,
         true},
        {"[logLevel, date, time, method, url=%/service/resource/[0-9]+$%, response_time]", part,
         false},
        {"[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, "
         "response_time]",
         part, true},
        {"[logLevel, date, time, method, url=%/service/resource/[0-9]+/part/[0-9]+$%, "
         "response_time]",
         info, false},
        {R"([a != "*x*", ...])", "axb c", false},
        {R"([a != "*x*", ...])", "ab c", true},
    });
}

TEST_CASE("how many fields a line must have", "[filter]") {
    check({
        {"[a, b, c]", "1 2", false},
        {"[a, b, c]", "1 2 3", true},
        {"[a, b, c]", "1 2 3 4", true},
        {"[a, ..., c]", "1", false},
        {"[a, ..., c]", "1 2", true},
        {"[a, , c]", "1 2 3", true},
        {"[a,,c=3]", "1 2 3", true},
        {"[]", "", true},
        {"[...]", "any thing", true},
        {"[a]", "", false},
        {"[a]", "  ", false},
        {"[ip, ident, user, timestamp, request, status, bytes]", more, true},
        {"[ip, ident, user, timestamp, request, status, bytes > 1000]", more, false},
        {"[..., request = *.html*, status = 4*, bytes]", more, false},
        {"[ip, ident, user, timestamp, request, status >= 400, bytes > 1000]", tabs, true},
    });
}

TEST_CASE("fields of a space-delimited line", "[filter]") {
    CHECK(fields("[ip, user, username, timestamp, request, status_code, bytes]", access_line) ==
          "$ip=127.0.0.1|$user=Prod|$username=frank|$timestamp=10/Oct/2000:13:25:15 -0700|"
          "$request=GET /index.html HTTP/1.0|$status_code=404|$bytes=1534");
    CHECK(fields("[..., bytes]", more) ==
          "$1=10.1.2.3|$2=-|$3=eve|$4=06/Jan/2026:03:04:05 +0000|$5=PUT /a.html HTTP/1.1|"
          "$6=403|$7=1999|$bytes=tail");
    CHECK(fields("[..., bytes]", "ERROR") == "$bytes=ERROR");
    CHECK(fields("[ip, ..., status, bytes]", "1 2 3 4 5") == "$ip=1|$2=2|$3=3|$status=4|$bytes=5");
    CHECK(fields("[]", "ERROR \"a phrase\"") == "$1=ERROR|$2=a phrase");
    CHECK(fields("[]", "ERROR \"open end") == "$1=ERROR|$2=\"open|$3=end");
    CHECK(fields("[w1, w2]", "ERROR no answer  ") == "$w1=ERROR|$w2=no answer");
    CHECK(fields("[w1, w2]", "ERROR \"a phrase\"") == "$w1=ERROR|$w2=a phrase");
    CHECK(fields("[w1, w2]", "ERROR \"open end") == "$w1=ERROR|$w2=\"open end");
    CHECK(fields("[w1, w2]", more).ends_with("HTTP/1.1\" 403 1999 tail"));
    CHECK(fields("[a,,c]", "1 2 3") == "$a=1|$2=2|$c=3");
    CHECK(fields("[]", R"(x[1] a"b c" [d] e] ["f"] "")") ==
          R"($1=x[1]|$2=a"b|$3=c"|$4=d|$5=e]|$6="f"|$7=)");
    CHECK(fields("[]", R"([a [b] c] "d"e f")") == R"($1=a [b|$2=c]|$3=d"e f)");
}

TEST_CASE("values of a space-delimited line by name and position", "[filter]") {
    const auto parsed = filter("[ip, ..., status, bytes]");
    std::vector<FieldReference> wanted;
    for (const auto *name : {"$bytes", "$ip", "$3", "$7", "$99"}) {
        auto reference = parsed.reference(name);
        REQUIRE(reference);
        wanted.push_back(std::move(*reference));
    }
    const auto values = parsed.values(access_line, wanted);
    REQUIRE(values.size() == 5);
    CHECK(values[0] == "1534");
    CHECK(values[1] == "127.0.0.1");
    CHECK(values[2] == "frank");
    CHECK(values[3] == "1534");
    CHECK_FALSE(values[4]);

    const auto fixed = filter("[a, b]");
    const auto second = fixed.reference("$2");
    REQUIRE(second);
    CHECK(fixed.values("1 2 3", {&*second, 1}).at(0) == "2 3");
    CHECK_FALSE(fixed.reference("$3"));
    CHECK_FALSE(fixed.reference("$0"));
    CHECK_FALSE(fixed.reference("$none"));
    CHECK_FALSE(fixed.reference("a"));
    CHECK_FALSE(filter("ERROR").reference("$1"));
}
