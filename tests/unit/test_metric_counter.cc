// SPDX-License-Identifier: GPL-2.0-only
//
// Lines counted period by period: what belongs to which, what counts once, what is no value.
#include "metric/counter.h"
#include "metric/found_line.h"
#include "tests/support/catch.h"

#include <cmath>

using namespace hostav;

namespace {

constexpr std::time_t noon = 1'700'000'040; // begins a minute

Counter counter(const CountOptions &options, std::string_view pattern = default_pattern,
                const std::string &date = "") {
    auto filter = parse_filter(pattern);
    REQUIRE(filter);
    std::optional<DateFormat> format;
    if (!date.empty())
        format = std::move(*DateFormat::compile(date, TimeZone::utc, "format"));
    auto made = Counter::create(std::move(*filter), options, std::move(format), noon);
    REQUIRE(made);
    return std::move(*made);
}

std::string refused(const CountOptions &options, std::string_view pattern = default_pattern) {
    const auto made = Counter::create(std::move(*parse_filter(pattern)), options, {}, noon);
    return made ? "" : made.error().text();
}

/// `TIME:VALUExTIMES,…` of each, the time counted from noon.
std::string shown(const std::vector<Datum> &data) {
    std::string text;
    for (const auto &datum : data) {
        text += (text.empty() ? "" : " ") + std::to_string(datum.time - noon) + ":";
        std::string values;
        for (const auto &[value, times] : datum.values)
            values += (values.empty() ? "" : ",") + std::to_string(std::lround(value)) + "x" +
                      std::to_string(std::lround(times));
        text += values;
    }
    return text;
}

const std::string two = "/a: X FOUND\n/FOUND/b: OK\n/c: Y FOUND\n";

} // namespace

TEST_CASE("a period's lines are one datum, and one without lines has the default") {
    auto count = counter({});
    count.count(two, noon + 5);
    CHECK(shown(count.take(noon + 59)).empty());
    CHECK(count.next(noon + 59) == noon + 60);
    count.count(two, noon + 59);
    CHECK(shown(count.take(noon + 60)) == "0:4x1");
    CHECK(shown(count.take(noon + 60)).empty());
    CHECK(shown(count.take(noon + 185)) == "60:0x1 120:0x1");
    count.count(two, noon + 190);
    CHECK(shown(count.finish(noon + 191)) == "180:2x1");
    CHECK(shown(count.finish(noon + 192)).empty());
    CHECK(count.counts().matched == 6);
    auto nothing = counter({});
    CHECK(shown(nothing.finish(noon)) == "0:0x1");
    CountOptions weighted;
    weighted.value = "2.5";
    weighted.otherwise = -1;
    weighted.period = 300;
    auto heavy = counter(weighted);
    heavy.count(two, noon);
    CHECK(shown(heavy.take(noon + 600)) == "-240:5x1 60:-1x1");
}

TEST_CASE("who sleeps for a year does not report all of it") {
    auto count = counter({});
    CHECK(count.take(noon + 365LL * 86400).size() == 1440);
}

TEST_CASE("values of fields keep how often each came") {
    CountOptions options;
    options.value = "$size";
    auto count = counter(options, "[name, size]");
    count.count("a 5\nb 7\nc 5\nd many\n", noon);
    CHECK(shown(count.finish(noon)) == "0:5x2,7x1");
    CHECK(count.counts().valueless == 1);
    options.value = "$.size";
    auto json = counter(options, R"({ $.verdict = "infected" })");
    json.count(
        "{\"verdict\": \"infected\", \"size\": 1e3}\n{\"verdict\": \"clean\", \"size\": 1}\n",
        noon);
    CHECK(shown(json.finish(noon)) == "0:1000x1");
    options.value = "$size";
    CHECK(refused(options).starts_with("--value=$size: "));
    options.value = "many";
    CHECK(refused(options).starts_with("--value=many: neither"));
    for (const auto *no : {"", "1e999", "nan", "inf", "1x", "+-1", "0x10", "1e200"})
        CHECK_FALSE(parse_metric_value(no));
    CHECK(parse_metric_value(" +1.5e3 ") == 1500);
}

TEST_CASE("what is found again in a period counts once") {
    CountOptions options;
    options.unique = {"path", "signature"};
    auto count = counter(options);
    const std::string again = "Thu Nov 26 07:43:10 2026 -> /a: X FOUND\n"
                              "Thu Nov 26 07:43:11 2026 -> /a: X FOUND\n"
                              "/a: X FOUND\n/a: Y FOUND\n/a -> /a: X FOUND\n";
    count.count(again, noon);
    CHECK(shown(count.take(noon + 60)) == "0:3x1");
    CHECK(count.counts().repeated == 2);
    count.count(again, noon + 60);
    CHECK(shown(count.finish(noon + 60)) == "60:3x1");
    options.unique = {"$ip"};
    auto fields = counter(options, "[ip, ...]");
    fields.count("1 a\n1 b\n2 a\n", noon);
    CHECK(shown(fields.finish(noon)) == "0:2x1");
    options.unique = {"$who"};
    CHECK(refused(options, "[ip, ...]").starts_with("--unique=$who: "));
    options.unique = {"who"};
    CHECK(refused(options).starts_with("--unique=who: neither"));
}

TEST_CASE("when too much is seen, it counts twice rather than not at all") {
    Seen seen;
    for (std::size_t i = 0; i < most_seen; ++i)
        REQUIRE(seen.add(0, std::to_string(i)));
    CHECK_FALSE(seen.add(0, "0"));
    CHECK(seen.add(0, "x"));
    CHECK(seen.add(0, "x"));
    CHECK(seen.forgotten() == 2);
    CHECK(seen.add(60, "0")); // the older window makes room
    CHECK_FALSE(seen.add(60, "0"));
    CHECK(seen.add(0, "0"));
}

TEST_CASE("a line belongs to the period of its own time") {
    auto count = counter({}, default_pattern, "%Y-%m-%d %H:%M:%S");
    // 2023-11-14 22:14:00 is noon.
    count.count("2023-11-14 22:10:59 /a: X FOUND\n2023-11-14 22:14:01 /b: X FOUND\n"
                "/c: X FOUND\n2023-10-14 22:14:01 /old: X FOUND\n",
                noon + 70);
    CHECK(count.counts().untimely == 1);
    CHECK(shown(count.take(noon + 70)) == "-240:1x1 0:2x1");
    count.count("2023-11-14 22:14:02 /late: X FOUND\n", noon + 80);
    CHECK(shown(count.finish(noon + 80)) == "0:1x1 60:0x1");
}

TEST_CASE("what is taken early is not followed by a default") {
    CountOptions options;
    options.value = "$n";
    auto count = counter(options, "[n]");
    std::string text;
    for (int i = 0; i < 10'000; ++i)
        text += std::to_string(i) + "\n";
    CHECK_FALSE(count.full());
    count.count(text, noon);
    REQUIRE(count.full());
    CHECK(count.flush().size() == 1);
    CHECK_FALSE(count.full());
    CHECK(shown(count.take(noon + 60)).empty());
    CHECK(shown(count.finish(noon + 60)) == "60:0x1");
}

TEST_CASE("a line of a detection has a path and a signature") {
    const auto path = [](std::string_view line) {
        const auto found = parse_found_line(line);
        return found ? std::string(found->path) + "|" + std::string(found->signature) : "";
    };
    CHECK(path("/a: b/c: Eicar.X FOUND") == "/a: b/c|Eicar.X");
    CHECK(path("Thu Nov  6 07:43:10 2026 -> /a: X FOUND") == "/a|X");
    CHECK(path("Thu Nov 26 7:43:10 2026 -> /a: X FOUND") == "Thu Nov 26 7:43:10 2026 -> /a|X");
    for (const auto *no : {"", " FOUND", ": X FOUND", "/a:  FOUND", "/a: X OK", "/a: X FOUND "})
        CHECK(path(no).empty());
}
