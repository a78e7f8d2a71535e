// SPDX-License-Identifier: GPL-2.0-only
#include "ship/config_keys.h"

#include "base/encoding.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace hostav {

namespace {

using Text = std::optional<std::string>;

// The agent's limits ("CloudWatch Logs agent reference").
constexpr std::uint64_t least_buffer_duration = 5000;
constexpr std::uint64_t most_batch_count = 10000;
constexpr std::uint64_t most_batch_size = 1048576;
// Ours: a batch must have room for an event of some length.
constexpr std::uint64_t least_batch_size = 1024;

// PutRetentionPolicy in the API reference of CloudWatch Logs.
constexpr std::array<std::uint64_t, 22> retention_days{1,    3,    5,    7,    14,   30,  60,  90,
                                                       120,  150,  180,  365,  400,  545, 731, 1096,
                                                       1827, 2192, 2557, 2922, 3288, 3653};

// TagResource there.
constexpr std::size_t most_tags = 50, longest_tag_key = 128, longest_tag_value = 256;

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return std::string(text);
}

/// Between commas or on lines of their own.
std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(",\n"), text.size());
        if (auto item = trimmed(text.substr(0, end)); !item.empty())
            items.push_back(std::move(item));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return items;
}

Text joined(const std::vector<std::string> &items) {
    std::string text;
    for (const auto &item : items)
        text += (text.empty() ? "" : ", ") + item;
    return text.empty() ? Text() : text;
}

/// Raised or lowered, as the agent does, to what is allowed.
Result<void> set_number(std::uint64_t &to, const GivenValue &given, std::uint64_t least,
                        std::uint64_t most) {
    const auto number = parse_number(given.value);
    if (!number)
        return given.wrong("is no number");
    to = std::clamp(*number, least, most);
    if (to != *number)
        given.warn((to > *number ? "raised to " : "lowered to ") + std::to_string(to));
    return {};
}

Result<void> set_choice(bool &to, const GivenValue &given, std::string_view no,
                        std::string_view yes) {
    if (given.value != no && given.value != yes)
        return given.wrong("is neither " + std::string(no) + " nor " + std::string(yes));
    to = given.value == yes;
    return {};
}

Result<void> set_fingerprint(StreamConfig &to, const GivenValue &given) {
    const auto dash = given.value.find('-');
    const auto first = parse_number(trimmed(given.value.substr(0, dash)));
    const auto last =
        dash == std::string::npos ? first : parse_number(trimmed(given.value.substr(dash + 1)));
    if (!first || !last || *first < 1 || *last < *first ||
        *last > std::numeric_limits<unsigned>::max())
        return given.wrong("is neither the number of a line nor a range N-M of them");
    to.fingerprint_first = static_cast<unsigned>(*first);
    to.fingerprint_last = static_cast<unsigned>(*last);
    return {};
}

Text fingerprint(const StreamConfig &from) {
    const auto first = std::to_string(from.fingerprint_first);
    return from.fingerprint_first == from.fingerprint_last
               ? first
               : first + "-" + std::to_string(from.fingerprint_last);
}

Result<void> set_file(StreamConfig &to, const GivenValue &given) {
    if (!given.value.starts_with('/'))
        return given.wrong("is no absolute path");
    to.file = given.value;
    return {};
}

Result<void> set_encoding(StreamConfig &to, const GivenValue &given) {
    const auto decoder = Decoder::create(given.value);
    if (!decoder)
        return given.wrong(decoder.error().why);
    to.encoding = given.value;
    return {};
}

Result<void> set_time_zone(StreamConfig &to, const GivenValue &given) {
    to.time_zone = given.value == "UTC" ? TimeZone::utc : TimeZone::local;
    if (given.value != "UTC" && given.value != "LOCAL")
        given.warn("is neither UTC nor LOCAL: LOCAL it is");
    return {};
}

Result<void> set_retention(StreamConfig &to, const GivenValue &given) {
    const auto days = parse_number(given.value);
    if (!days || std::ranges::find(retention_days, *days) == retention_days.end()) {
        std::string all;
        for (const auto allowed : retention_days)
            all += " " + std::to_string(allowed);
        return given.wrong("is none of" + all);
    }
    to.retention_in_days = days;
    return {};
}

Result<void> set_tags(StreamConfig &to, const GivenValue &given) {
    to.tags.clear();
    for (const auto &item : list_of(given.value)) {
        const auto sign = item.find('=');
        const auto key = trimmed(item.substr(0, sign));
        const auto value = sign == std::string::npos ? "" : trimmed(item.substr(sign + 1));
        if (sign == std::string::npos || key.empty())
            return given.wrong("a tag is key=value");
        if (key.size() > longest_tag_key || value.size() > longest_tag_value)
            return given.wrong("a tag's key has at most 128 characters, its value 256");
        if (key.starts_with("aws:"))
            return given.wrong("tags that begin with aws: are AWS's own");
        if (std::ranges::find(to.tags, key, [](const auto &tag) { return tag.first; }) !=
            to.tags.end())
            return given.wrong("the tag " + key + " is there twice");
        to.tags.emplace_back(key, value);
    }
    if (to.tags.size() > most_tags)
        return given.wrong("a group has at most 50 tags");
    return {};
}

Text tags(const StreamConfig &from) {
    std::vector<std::string> items;
    items.reserve(from.tags.size());
    for (const auto &[key, value] : from.tags)
        items.push_back(key + "=" + value);
    return joined(items);
}

Text time_zone(const StreamConfig &from) {
    return from.time_zone == TimeZone::utc ? "UTC" : "LOCAL";
}

Result<void> set_text(std::optional<std::string> &to, const GivenValue &given) {
    to = given.value;
    return {};
}

template <std::optional<std::string> StreamConfig::*Field>
Result<void> set(StreamConfig &to, const GivenValue &given) {
    return set_text(to.*Field, given);
}

template <std::string StreamConfig::*Field>
Result<void> set_name(StreamConfig &to, const GivenValue &given) {
    to.*Field = given.value;
    return {};
}

template <std::vector<std::string> StreamConfig::*Field>
Result<void> set_list(StreamConfig &to, const GivenValue &given) {
    to.*Field = list_of(given.value);
    return {};
}

template <auto Field>
Text get(const StreamConfig &from) {
    return from.*Field;
}

template <std::uint64_t StreamConfig::*Field>
Text get_number(const StreamConfig &from) {
    return std::to_string(from.*Field);
}

template <std::vector<std::string> StreamConfig::*Field>
Text get_list(const StreamConfig &from) {
    return joined(from.*Field);
}

constexpr std::array general{
    GeneralKey{
        "state_file",
        [](ShipConfig &to, const GivenValue &given) { return set_text(to.state_file, given); },
        [](const ShipConfig &from) { return from.state_file; }},
    GeneralKey{"logging_config_file",
               [](ShipConfig &to, const GivenValue &given) {
                   given.warn(
                       "Python's logging means nothing here: diagnostics are set by options");
                   return set_text(to.logging_config_file, given);
               },
               [](const ShipConfig &from) { return from.logging_config_file; }},
    GeneralKey{"use_gzip_http_content_encoding",
               [](ShipConfig &to, const GivenValue &given) -> Result<void> {
                   const auto wanted = parse_bool(given.value);
                   if (!wanted)
                       given.warn("is neither true nor false: true it is");
                   to.use_gzip_http_content_encoding = wanted.value_or(true);
                   return {};
               },
               [](const ShipConfig &from) {
                   return Text(from.use_gzip_http_content_encoding ? "true" : "false");
               }},
    GeneralKey{"queue_size",
               [](ShipConfig &to, const GivenValue &given) {
                   constexpr std::uint64_t most = 1000;
                   return set_number(to.queue_size, given, 1, most);
               },
               [](const ShipConfig &from) { return Text(std::to_string(from.queue_size)); }},
};

using C = StreamConfig;

constexpr std::array stream{
    StreamKey{"file", true, set_file,
              [](const C &from) { return from.file.empty() ? Text() : Text(from.file); }},
    StreamKey{"journal_unit", false, set_list<&C::journal_units>, get_list<&C::journal_units>},
    StreamKey{"journal_identifier", false, set_list<&C::journal_identifiers>,
              get_list<&C::journal_identifiers>},
    StreamKey{"log_group_name", false, set_name<&C::log_group_name>, get<&C::log_group_name>},
    StreamKey{"log_stream_name", false, set_name<&C::log_stream_name>, get<&C::log_stream_name>},
    StreamKey{"datetime_format", true, set<&C::datetime_format>, get<&C::datetime_format>},
    StreamKey{"time_zone", true, set_time_zone, time_zone},
    StreamKey{"file_fingerprint_lines", true, set_fingerprint, fingerprint},
    StreamKey{"multi_line_start_pattern", true, set<&C::multi_line_start_pattern>,
              get<&C::multi_line_start_pattern>},
    StreamKey{"initial_position", false,
              [](C &to, const GivenValue &given) {
                  return set_choice(to.from_end, given, "start_of_file", "end_of_file");
              },
              [](const C &from) { return Text(from.from_end ? "end_of_file" : "start_of_file"); }},
    StreamKey{"encoding", true, set_encoding, get<&C::encoding>},
    StreamKey{"buffer_duration", false,
              [](C &to, const GivenValue &given) {
                  return set_number(to.buffer_duration, given, least_buffer_duration,
                                    std::numeric_limits<std::uint32_t>::max());
              },
              get_number<&C::buffer_duration>},
    StreamKey{"batch_count", false,
              [](C &to, const GivenValue &given) {
                  return set_number(to.batch_count, given, 1, most_batch_count);
              },
              get_number<&C::batch_count>},
    StreamKey{"batch_size", false,
              [](C &to, const GivenValue &given) {
                  return set_number(to.batch_size, given, least_batch_size, most_batch_size);
              },
              get_number<&C::batch_size>},
    StreamKey{"follow", true,
              [](C &to, const GivenValue &given) {
                  return set_choice(to.follow_all, given, "newest", "all");
              },
              [](const C &from) { return Text(from.follow_all ? "all" : "newest"); }},
    StreamKey{"retention_in_days", false, set_retention,
              [](const C &from) {
                  return from.retention_in_days ? Text(std::to_string(*from.retention_in_days))
                                                : Text();
              }},
    StreamKey{"tags", false, set_tags, tags},
};

} // namespace

std::unexpected<Error> GivenValue::wrong(const std::string &why) const {
    return fail(where, key + " " + escape_path(value) + ": " + why);
}

void GivenValue::warn(const std::string &why) const {
    warnings.push_back(key + " " + escape_path(value) + " at " + where + ": " + why);
}

std::span<const GeneralKey> general_keys() {
    return general;
}
std::span<const StreamKey> stream_keys() {
    return stream;
}

} // namespace hostav
