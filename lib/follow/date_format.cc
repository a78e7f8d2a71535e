// SPDX-License-Identifier: GPL-2.0-only
//
// From the groups of a match to a time. The calendar is std::chrono's; local time is mktime(3)'s,
// remembered by the hour, because it asks the file system each time whether the zone has changed.
#include "follow/date_format.h"

#include "follow/date_expression.h"

#include <array>
#include <chrono>
#include <strings.h>
#include <vector>

namespace hostav {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

struct Fields {
    int year = -1, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
    int year_day = -1, weekday = -1; ///< Monday is 0
    int week = -1;
    char week_kind = 0;                 ///< U, W or V
    int dst = -1;                       ///< as tm_isdst
    std::optional<std::int64_t> offset; ///< of the time zone, milliseconds east
    bool afternoon = false, twelve_hours = false;
};

int number(std::string_view digits) {
    int value = 0;
    for (const char c : digits)
        if (c != ' ')
            value = value * 10 + (c - '0');
    return value;
}

/// Thousandths or millionths: digits behind the point, filled up to `width`.
int fraction(std::string_view digits, std::size_t width) {
    int value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value = value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
    return value;
}

/// Which of the names: three letters tell days and months apart.
int name_index(std::string_view names, std::string_view text) {
    const auto lower = [](char c) { return static_cast<char>(c | 0x20); };
    const std::array<char, 3> key{lower(text[0]), lower(text[1]), lower(text[2])};
    for (std::size_t i = 0; i < names.size(); i += 3)
        if (names[i] == key[0] && names[i + 1] == key[1] && names[i + 2] == key[2])
            return static_cast<int>(i / 3);
    return 0;
}

/// `+0530`, `+05:30`, `-053007.25`, `Z`: milliseconds.
std::int64_t zone_offset(std::string_view text) {
    if (text[0] == 'Z')
        return 0;
    std::array<char, 6> digits{'0', '0', '0', '0', '0', '0'};
    std::size_t count = 0;
    for (std::size_t i = 1; i < text.size() && text[i] != '.'; ++i)
        if (text[i] != ':')
            digits[count++] = text[i];
    const std::string_view all(digits.data(), digits.size());
    std::int64_t value =
        ((number(all.substr(0, 2)) * 60 + number(all.substr(2, 2))) * 60 + number(all.substr(4))) *
        std::int64_t{1000};
    if (const auto point = text.find('.'); point != std::string_view::npos)
        value += fraction(text.substr(point + 1), 3);
    return text[0] == '-' ? -value : value;
}

void put_zone_name(std::string_view text, Fields &to) {
    for (const std::string_view utc : {"utc", "gmt"})
        if (text.size() == utc.size() && ::strncasecmp(text.data(), utc.data(), 3) == 0)
            to.offset = 0;
    for (int dst = 0; dst < 2 && !to.offset && to.dst < 0; ++dst)
        if (const std::string_view own = ::tzname[dst];
            own.size() == text.size() && ::strncasecmp(text.data(), own.data(), own.size()) == 0)
            to.dst = dst;
}

void put_clock(char directive, std::string_view text, Fields &to) {
    switch (directive) {
    case 'f':
        to.millisecond = fraction(text, 3);
        break;
    case 'H':
    case 'I':
        to.hour = number(text);
        to.twelve_hours = directive == 'I';
        break;
    case 'p':
        to.afternoon = (text[0] | 0x20) == 'p';
        break;
    case 'M':
        to.minute = number(text);
        break;
    case 'S':
        to.second = number(text);
        break;
    case 'z':
        to.offset = zone_offset(text);
        break;
    default:
        put_zone_name(text, to);
        break;
    }
}

void put(char directive, std::string_view text, Fields &to) {
    switch (directive) {
    case 'a':
    case 'A':
        to.weekday = name_index("montuewedthufrisatsun", text);
        break;
    case 'b':
    case 'B':
        to.month = name_index("janfebmaraprmayjunjulaugsepoctnovdec", text) + 1;
        break;
    case 'd':
        to.day = number(text);
        break;
    case 'j':
        to.year_day = number(text);
        break;
    case 'm':
        to.month = number(text);
        break;
    case 'u':
        to.weekday = number(text) - 1;
        break;
    case 'w':
        to.weekday = (number(text) + 6) % 7;
        break;
    case 'U':
    case 'V':
    case 'W':
        to.week = number(text);
        to.week_kind = directive;
        break;
    case 'y': // POSIX: 69 to 99 are of the last century
        to.year = number(text) + (number(text) < 69 ? 2000 : 1900);
        break;
    case 'G':
    case 'Y':
        to.year = number(text);
        break;
    default:
        put_clock(directive, text, to);
        break;
    }
}

bool is_leap(int year) {
    return std::chrono::year(year).is_leap();
}

/// The day of `year` that a week and a day of the week are; %V's year begins at its first week.
sys_days day_of_week(const Fields &at) {
    using namespace std::chrono;
    if (at.week_kind == 'V') {
        const sys_days fourth = year(at.year) / January / 4; // is always in week 1
        const auto monday = fourth - (weekday(fourth) - Monday);
        return monday + days(7 * (at.week - 1) + at.weekday);
    }
    // Week 1 begins at the first Sunday (%U) or Monday (%W); week 0 is what is before.
    const auto first = at.week_kind == 'U' ? Sunday : Monday;
    const sys_days new_year = year(at.year) / January / 1;
    const auto week_1 = new_year + (first - weekday(new_year));
    const auto in_week = weekday(static_cast<unsigned>((at.weekday + 1) % 7)) - first;
    return week_1 + days(7 * (at.week - 1)) + in_week;
}

} // namespace

struct DateFormat::Impl {
    DateExpression format;
    Regex regex;
    TimeZone zone;
    bool year;
    std::vector<std::string_view> groups;

    /// The year and month of a day after `known_now`.
    std::optional<std::time_t> known_now;
    int now_year = 0, now_month = 0;

    struct Hour {
        std::int64_t local = INT64_MIN; ///< hours since 1970 as the clock on the wall counts
        std::time_t begin = 0;
    };
    std::array<Hour, 8> hours{};

    Impl(DateExpression from, Regex search, TimeZone in, bool has_year)
        : format(std::move(from)), regex(std::move(search)), zone(in), year(has_year) {}

    void infer_year(Fields &at, std::time_t now);
    [[nodiscard]] static std::optional<sys_days> day(const Fields &at);
    std::optional<std::time_t> local(sys_days day, const Fields &at);
};

/// Without a year the newest one that is not to come.
void DateFormat::Impl::infer_year(Fields &at, std::time_t now) {
    if (now != known_now) {
        constexpr std::time_t one_day = 86400;
        const std::time_t tomorrow = now + one_day;
        std::tm tm{};
        if (zone == TimeZone::utc)
            ::gmtime_r(&tomorrow, &tm);
        else
            ::localtime_r(&tomorrow, &tm);
        known_now = now;
        now_year = tm.tm_year + 1900;
        now_month = tm.tm_mon + 1;
    }
    at.year = at.month <= now_month ? now_year : now_year - 1;
    // 29 February was in the last leap year.
    if (at.month == 2 && at.day == 29 && at.year_day < 0)
        while (!is_leap(at.year))
            --at.year;
}

std::optional<sys_days> DateFormat::Impl::day(const Fields &at) {
    using namespace std::chrono;
    if (at.year < 1)
        return std::nullopt;
    if (at.year_day > 0)
        return sys_days(std::chrono::year(at.year) / January / 1) + days(at.year_day - 1);
    if (at.week >= 0 && at.weekday >= 0)
        return day_of_week(at);
    const year_month_day date(std::chrono::year(at.year),
                              std::chrono::month(static_cast<unsigned>(at.month)),
                              std::chrono::day(static_cast<unsigned>(at.day)));
    if (!date.ok())
        return std::nullopt;
    return sys_days(date);
}

std::optional<std::time_t> DateFormat::Impl::local(sys_days day, const Fields &at) {
    const std::int64_t wall = day.time_since_epoch().count() * std::int64_t{24} + at.hour;
    constexpr int hour_end = 59 * 60 + 59;
    const int in_hour = at.minute * 60 + at.second;
    auto &known = hours[static_cast<std::uint64_t>(wall) % hours.size()];
    if (known.local == wall && at.dst < 0)
        return known.begin + in_hour;
    const std::chrono::year_month_day date(day);
    const auto convert = [&date, &at](int seconds) -> std::optional<std::time_t> {
        std::tm tm{};
        tm.tm_year = static_cast<int>(date.year()) - 1900;
        tm.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
        tm.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
        tm.tm_hour = at.hour;
        tm.tm_sec = seconds;
        tm.tm_isdst = at.dst;
        tm.tm_wday = -1; // stays only where mktime fails: -1 may be a time
        const auto time = std::mktime(&tm);
        return tm.tm_wday == -1 ? std::nullopt : std::optional(time);
    };
    const auto time = convert(in_hour);
    if (!time || at.dst >= 0)
        return time;
    // An hour in which the clock is set is not remembered.
    const auto begin = convert(0), end = convert(hour_end);
    if (begin && end && *end - *begin == hour_end && *time - *begin == in_hour)
        known = {wall, *begin};
    return time;
}

DateFormat::DateFormat(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DateFormat::DateFormat(DateFormat &&) noexcept = default;
DateFormat &DateFormat::operator=(DateFormat &&) noexcept = default;
DateFormat::~DateFormat() = default;

Result<DateFormat> DateFormat::compile(const std::string &format, TimeZone zone,
                                       const std::string &what) {
    auto date = date_expression(format, what);
    if (!date)
        return std::unexpected(date.error());
    auto regex = Regex::compile(date->expression, {.ignore_case = true}, what);
    if (!regex)
        return std::unexpected(regex.error());
    const bool year = date->has('y') || date->has('Y') || date->has('G');
    return DateFormat(std::make_unique<Impl>(std::move(*date), std::move(*regex), zone, year));
}

std::optional<EventTime> DateFormat::find(std::string_view event, std::time_t now) const {
    auto &groups = impl_->groups;
    if (!impl_->regex.search(event, groups))
        return std::nullopt;
    Fields at;
    const auto &directives = impl_->format.directives;
    for (std::size_t i = 0; i < directives.size(); ++i)
        put(directives[i], groups[i + 1], at);
    if (at.twelve_hours)
        at.hour = at.hour % 12 + (at.afternoon ? 12 : 0);
    if (!impl_->year)
        impl_->infer_year(at, now);
    const auto day = Impl::day(at);
    if (!day)
        return std::nullopt;
    constexpr EventTime second = 1000;
    if (!at.offset && (impl_->zone == TimeZone::local || at.dst >= 0)) {
        const auto time = impl_->local(*day, at);
        return time ? std::optional(*time * second + at.millisecond) : std::nullopt;
    }
    const EventTime clock = (at.hour * 60 + at.minute) * 60 + at.second;
    return (day->time_since_epoch().count() * EventTime{86400} + clock) * second + at.millisecond -
           at.offset.value_or(0);
}

bool DateFormat::occurs(std::string_view line) const {
    return impl_->regex.search(line);
}
const std::string &DateFormat::expression() const {
    return impl_->format.expression;
}

} // namespace hostav
