// SPDX-License-Identifier: GPL-2.0-only
#include "follow/date_format.h"

#include "tests/support/catch.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>

using namespace hostav;

namespace {

/// The process's time zone for a while.
class Zone {
  public:
    explicit Zone(const char *name) {
        ::setenv("TZ", name, 1); // NOLINT(concurrency-mt-unsafe)
        ::tzset();
    }
    Zone(const Zone &) = delete;
    Zone &operator=(const Zone &) = delete;
    Zone(Zone &&) = delete;
    Zone &operator=(Zone &&) = delete;
    ~Zone() {
        ::unsetenv("TZ"); // NOLINT(concurrency-mt-unsafe)
        ::tzset();
    }
};

constexpr std::time_t in_july_2024 = 1'720'000'000;

DateFormat date_format(const std::string &format, TimeZone zone = TimeZone::utc) {
    auto date = DateFormat::compile(format, zone, "test");
    REQUIRE(date);
    return std::move(*date);
}

/// ISO 8601, UTC, or `none`.
std::string found(const std::string &format, const std::string &event,
                  TimeZone zone = TimeZone::utc, std::time_t now = in_july_2024) {
    const auto time = date_format(format, zone).find(event, now);
    if (!time)
        return "none";
    const std::time_t seconds = *time / 1000;
    std::tm tm{};
    ::gmtime_r(&seconds, &tm);
    char text[64];
    std::strftime(text, sizeof text, "%FT%T", &tm);
    const auto rest = *time % 1000;
    return rest == 0 ? text : text + ("." + std::to_string(rest));
}

std::string error_of(const std::string &format) {
    const auto date = DateFormat::compile(format, TimeZone::utc, "f:1");
    return date ? "none" : date.error().text();
}

struct Row {
    std::string format, event, expected;
};

std::vector<Row> python_table(const char *zone, unsigned seed) {
    const auto command = std::string("TZ=") + zone + " tests/support/strptime-table.py " +
                         std::to_string(seed) + " 3000";
    FILE *pipe = ::popen(command.c_str(), "r"); // NOLINT(cert-env33-c): our own words
    REQUIRE(pipe != nullptr);
    std::string all;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        all.append(buffer, got);
    REQUIRE(::pclose(pipe) == 0);
    std::vector<Row> rows;
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find('\t'), last = line.rfind('\t');
        rows.push_back({line.substr(0, first), line.substr(first + 1, last - first - 1),
                        line.substr(last + 1)});
    }
    return rows;
}

/// In the hour that a clock repeats, mktime(3) may mean either.
bool same_wall(EventTime one, EventTime other) {
    const std::time_t first = one / 1000, second = other / 1000;
    std::tm a{}, b{};
    ::localtime_r(&first, &a);
    ::localtime_r(&second, &b);
    return a.tm_yday == b.tm_yday && a.tm_hour == b.tm_hour && a.tm_min == b.tm_min &&
           a.tm_sec == b.tm_sec && one % 1000 == other % 1000;
}

} // namespace

TEST_CASE("dates are what Python's strptime makes of them", "[date_format]") {
    const auto *zone = GENERATE("Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC");
    const Zone in(zone);
    std::size_t dated = 0;
    const auto rows = python_table(zone, 20261126);
    REQUIRE(rows.size() == 3000);
    for (const auto &row : rows) {
        INFO(zone << " [" << row.format << "] [" << row.event << "]");
        const auto time = date_format(row.format, TimeZone::local).find(row.event, in_july_2024);
        if (row.expected == "none" || !time) {
            REQUIRE((time ? std::to_string(*time) : "none") == row.expected);
            continue;
        }
        ++dated;
        const auto expected = std::stoll(row.expected);
        if (*time != expected)
            REQUIRE((std::to_string(*time) == row.expected || same_wall(*time, expected)));
    }
    CHECK(dated > 2000);
}

TEST_CASE("the first match anywhere counts", "[date_format]") {
    CHECK(found("%Y-%m-%d", "a 2024-02-01 b 2025-01-01") == "2024-02-01T00:00:00");
    CHECK(found("%Y-%m-%d", "no date") == "none");
    // As strptime has it: no further search when what looks like a date is none.
    CHECK(found("%Y-%m-%d", "2023-02-29 2024-02-29") == "none");
    CHECK(found("%a %b %d %H:%M:%S %Y", "THU FEB  1 1:02:03 2024") == "2024-02-01T01:02:03");
    CHECK(date_format("%b %d").occurs("x Feb 3"));
    CHECK_FALSE(date_format("%b %d").occurs("x Feb"));
}

TEST_CASE("time zones in the text count before time_zone", "[date_format]") {
    const Zone berlin("Europe/Berlin");
    const std::string iso = "%Y-%m-%dT%H:%M:%S%z";
    CHECK(found("%Y-%m-%d %H", "2024-07-01 12", TimeZone::local) == "2024-07-01T10:00:00");
    CHECK(found("%Y-%m-%d %H", "2024-07-01 12", TimeZone::utc) == "2024-07-01T12:00:00");
    CHECK(found(iso, "2024-07-01T12:00:00+0530", TimeZone::local) == "2024-07-01T06:30:00");
    CHECK(found(iso, "2024-07-01T12:00:00-03:30", TimeZone::local) == "2024-07-01T15:30:00");
    CHECK(found(iso, "2024-07-01T12:00:00Z", TimeZone::local) == "2024-07-01T12:00:00");
    CHECK(found(iso, "2024-07-01T12:00:00z", TimeZone::local) == "none");
    CHECK(found("%Y-%m-%d %H %Z", "2024-07-01 12 GMT", TimeZone::local) == "2024-07-01T12:00:00");
    CHECK(found("%Y-%m-%d %H %Z", "2024-07-01 12 cest") == "2024-07-01T10:00:00");
    CHECK(found("%Y-%m-%d %H %Z", "2024-10-27 02 CET") == "2024-10-27T01:00:00");
    CHECK(found("%Y-%m-%d %H %Z", "2024-10-27 02 CEST") == "2024-10-27T00:00:00");
}

TEST_CASE("fractions of a second are milliseconds", "[date_format]") {
    CHECK(found("%Y %H:%M:%S.%f", "2024 00:00:00.5") == "2024-01-01T00:00:00.500");
    CHECK(found("%Y %H:%M:%S,%f", "2024 00:00:00,123456789") == "2024-01-01T00:00:00.123");
    CHECK(found("%Y %H:%M:%S", "2024 23:59:60") == "2024-01-02T00:00:00");
}

TEST_CASE("a year that is not said is the last one that fits", "[date_format]") {
    const std::string syslog = "%b %d %H:%M:%S";
    CHECK(found(syslog, "Jul  3 10:00:00") == "2024-07-03T10:00:00");
    CHECK(found(syslog, "Jan 31 10:00:00") == "2024-01-31T10:00:00");
    CHECK(found(syslog, "Aug  1 10:00:00") == "2023-08-01T10:00:00");
    CHECK(found(syslog, "Feb 29 10:00:00") == "2024-02-29T10:00:00");
    constexpr std::time_t year = 31'536'000;
    CHECK(found(syslog, "Feb 29 10:00:00", TimeZone::utc, in_july_2024 + 2 * year) ==
          "2024-02-29T10:00:00");
    CHECK(found(syslog, "Feb 30 10:00:00") == "none");
    // One second before the new year, by a clock that is two behind.
    constexpr std::time_t silvester = 1'735'689'599;
    CHECK(found(syslog, "Dec 31 23:59:59", TimeZone::utc, silvester) == "2024-12-31T23:59:59");
    CHECK(found(syslog, "Jan  1 00:00:01", TimeZone::utc, silvester) == "2025-01-01T00:00:01");
}

TEST_CASE("clocks that are set", "[date_format]") {
    const Zone berlin("Europe/Berlin");
    const auto date = date_format("%Y-%m-%d %H:%M:%S", TimeZone::local);
    const auto at = [&date](const char *text) { return date.find(text, 0).value_or(-1) / 1000; };
    // The hour from 2 to 3 was not; the one in October was twice.
    CHECK(at("2024-03-31 03:00:00") - at("2024-03-31 01:59:59") == 1);
    CHECK(at("2024-10-27 03:00:00") - at("2024-10-27 01:59:59") == 7201);
    for (int minute = 1; minute < 180; ++minute) {
        char text[32];
        std::snprintf(text, sizeof text, "2024-03-31 %02d:%02d:00", minute / 60, minute % 60);
        std::tm tm{};
        tm.tm_year = 124, tm.tm_mon = 2, tm.tm_mday = 31, tm.tm_isdst = -1;
        tm.tm_hour = minute / 60, tm.tm_min = minute % 60;
        CHECK(at(text) == std::mktime(&tm));
    }
    // Half an hour.
    const Zone lord_howe("Australia/Lord_Howe");
    CHECK(at("2024-04-07 02:30:00") - at("2024-04-07 01:00:00") == 7200);
}

TEST_CASE("what is no format is refused", "[date_format]") {
    CHECK(error_of("%Q") == "f:1 %Q: %Q is no directive of strptime");
    CHECK(error_of("%Y %") == "f:1 %Y %: ends with a lone %");
    CHECK(error_of("%d %c").ends_with("%d is in it twice"));
    CHECK(error_of("no date").ends_with("has no directive"));
    CHECK(error_of("%Y %V %a") != "none");
    CHECK(error_of("%G %V") != "none");
    CHECK(error_of("%y %Y") != "none");
    CHECK(error_of("%% %d") == "none");
}

TEST_CASE("many blanks are no trap", "[date_format]") {
    const std::string blanks(16384, ' ');
    for (const char *format : {" %b %d", "%d %b ", "%b %d"})
        CHECK(found(format, blanks + "Jan" + blanks) == "none");
    CHECK(found("%Y  %m", "2024" + blanks + "03") == "2024-03-01T00:00:00");
}
