// SPDX-License-Identifier: GPL-2.0-only
#include "ship/event_format.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hostav {

namespace {

// PutLogEvents' count of an event's bytes beside its message, and the longest message that the
// service takes without fail (it allows 1 MiB with these bytes). See "PutLogEvents" in the API
// reference of CloudWatch Logs.
constexpr std::size_t event_overhead = 26;
constexpr std::size_t longest_message = 1'000'000;

constexpr const char *any_date = "{datetime_format}";

std::string iso_time(EventTime time) {
    constexpr EventTime thousand = 1000;
    const auto milliseconds = ((time % thousand) + thousand) % thousand;
    const std::time_t seconds = (time - milliseconds) / thousand;
    std::tm tm{};
    ::gmtime_r(&seconds, &tm);
    std::array<char, 64> text{};
    const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &tm);
    std::string fraction = std::to_string(milliseconds + thousand);
    fraction[0] = '.';
    return std::string(text.data(), size) + fraction + "Z";
}

} // namespace

Result<EventFormat> event_format(const StreamConfig &config) {
    EventFormat format;
    format.encoding = config.encoding;
    format.longest = std::min<std::size_t>(longest_message, config.batch_size - event_overhead);
    if (config.datetime_format) {
        auto date = DateFormat::compile(*config.datetime_format, config.time_zone,
                                        config.where + ": datetime_format");
        if (!date)
            return std::unexpected(date.error());
        format.date = std::move(*date);
    }
    const auto &start = config.multi_line_start_pattern;
    const auto start_key = config.where + ": multi_line_start_pattern";
    if (start && *start == any_date) {
        if (!format.date)
            return fail(start_key, "there is no datetime_format");
        format.start_is_date = true;
    } else if (start) {
        auto regex = Regex::compile(*start, {.utf = true}, start_key);
        if (!regex)
            return std::unexpected(regex.error());
        format.start = std::move(*regex);
    }
    return format;
}

Result<std::vector<SampleEvent>> sample(const StreamConfig &config, std::string_view text,
                                        std::time_t now) {
    auto format = event_format(config);
    if (!format)
        return std::unexpected(format.error());
    format->encoding = "utf_8";
    auto reader = EventReader::create(*format);
    if (!reader)
        return std::unexpected(reader.error());
    std::vector<SampleEvent> events;
    const TakeEvent take = [&events, &format, now](const Event &event) {
        const bool dated = format->date && format->date->find(event.message, now);
        events.push_back({iso_time(event.time), dated, std::string(event.message)});
        return true;
    };
    (*reader)->feed(text, now, take);
    (*reader)->end(EventReader::End::all, now, take);
    return events;
}

} // namespace hostav
