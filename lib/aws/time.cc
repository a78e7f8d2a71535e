// SPDX-License-Identifier: GPL-2.0-only
#include "aws/time.h"

#include "base/text.h"

#include <array>
#include <chrono>

namespace hostav {

namespace {

/// Exactly `digits` digits from `text`'s beginning, which are taken off.
std::optional<int> take_number(std::string_view &text, std::size_t digits) {
    if (text.size() < digits)
        return std::nullopt;
    const auto number = parse_number(text.substr(0, digits));
    text.remove_prefix(digits);
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

bool take(std::string_view &text, std::string_view expected) {
    if (!text.starts_with(expected))
        return false;
    text.remove_prefix(expected.size());
    return true;
}

/// Seconds east of UTC.
std::optional<int> zone(std::string_view text) {
    if (text == "Z" || text == "z")
        return 0;
    const bool east = text.starts_with('+');
    if (!east && !text.starts_with('-'))
        return std::nullopt;
    text.remove_prefix(1);
    const auto hours = take_number(text, 2);
    take(text, ":");
    const auto minutes = take_number(text, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty())
        return std::nullopt;
    const int seconds = (*hours * 60 + *minutes) * 60;
    return east ? seconds : -seconds;
}

} // namespace

std::string amz_date(std::time_t time) {
    std::tm parts = {};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return {text.data(), size};
}

std::optional<std::time_t> parse_iso_time(std::string_view text) {
    constexpr std::array<std::string_view, 6> after = {"-", "-", "T", ":", ":", ""};
    std::array<int, 6> fields{};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto number = take_number(text, i == 0 ? 4 : 2);
        if (!number || !take(text, after[i]))
            return std::nullopt;
        fields[i] = *number;
    }
    if (take(text, ".")) {
        const auto end = text.find_first_not_of("0123456789");
        if (end == 0 || end == std::string_view::npos)
            return std::nullopt;
        text.remove_prefix(end);
    }
    const auto [year, month, day, hour, minute, second] = fields;
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    const auto offset = zone(text);
    if (!date.ok() || hour > 23 || minute > 59 || second > 60 || !offset)
        return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    return std::time_t{days} * 86400 + hour * 3600 + minute * 60 + second - *offset;
}

} // namespace hostav
