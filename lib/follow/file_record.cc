// SPDX-License-Identifier: GPL-2.0-only
#include "follow/file_record.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "follow/follower.h"

#include <charconv>
#include <map>

namespace hostav {
namespace {

constexpr const char *record_version = "1";
constexpr char separator = '\x1f'; // ASCII's unit separator
constexpr std::size_t most_section = 200;
constexpr std::size_t most_key = 400;

using Fields = std::map<std::string, std::string>;

JsonObject fields_of(const FilePlace &place) {
    JsonObject object;
    object.add("device", place.id.device).add("inode", place.id.inode);
    object.add("born", std::to_string(place.born));
    if (place.fingerprint.known())
        object.add("fingerprint", place.fingerprint.text());
    object.add("offset", place.state.offset).add("anchor", place.anchor.text());
    if (place.state.last_time)
        object.add("last_time", std::to_string(*place.state.last_time));
    if (place.state.inside_event)
        object.add("inside_event", true);
    return object;
}

template <typename Number>
Result<Number> number_field(const Fields &fields, const std::string &name,
                            const std::string &what) {
    const std::string text = text_field(fields, name);
    Number number = 0;
    const auto *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || stop != end || error != std::errc())
        return fail(what, "no usable " + name);
    return number;
}

Result<FilePlace> parse_place(const Fields &fields, const std::string &what) {
    const auto device = number_field<std::uint64_t>(fields, "device", what);
    const auto inode = number_field<std::uint64_t>(fields, "inode", what);
    const auto offset = number_field<std::uint64_t>(fields, "offset", what);
    const auto born = number_field<std::int64_t>(fields, "born", what);
    for (const auto *field : {&device, &inode, &offset})
        if (!*field)
            return std::unexpected(field->error());
    if (!born)
        return std::unexpected(born.error());
    const auto anchor = Anchor::parse(text_field(fields, "anchor"));
    if (!anchor || anchor->at > *offset)
        return fail(what, "no usable anchor");
    FilePlace place;
    place.id = {*device, *inode};
    place.born = *born;
    place.anchor = *anchor;
    place.state.offset = *offset;
    place.state.inside_event = text_field(fields, "inside_event") == "true";
    if (fields.contains("fingerprint")) {
        const auto fingerprint = Fingerprint::parse(text_field(fields, "fingerprint"));
        if (!fingerprint)
            return fail(what, "no usable fingerprint");
        place.fingerprint = *fingerprint;
    }
    if (fields.contains("last_time")) {
        const auto time = number_field<EventTime>(fields, "last_time", what);
        if (!time)
            return std::unexpected(time.error());
        place.state.last_time = *time;
    }
    return place;
}

} // namespace

std::string FileRecord::text() const {
    JsonObject object = fields_of(place);
    object.add("version", record_version).add_bytes("path", path);
    if (!file.empty() && file != path)
        object.add_bytes("file", file);
    object.add("modified", std::to_string(modified)).add("since", std::to_string(since));
    std::vector<JsonObject> list;
    list.reserve(past.size());
    for (const FilePlace &before : past)
        list.push_back(fields_of(before));
    object.add("past", list);
    return object.text();
}

Result<FileRecord> FileRecord::parse(std::string_view text, const std::string &what) {
    const auto tree = parse_json_tree(text, what);
    if (!tree)
        return std::unexpected(tree.error());
    if (text_field(tree->fields, "version") != record_version)
        return fail(what, "is a record of another version");
    FileRecord record;
    auto path = bytes_field(tree->fields, "path", what);
    auto place = parse_place(tree->fields, what);
    const auto modified = number_field<std::int64_t>(tree->fields, "modified", what);
    const auto since = number_field<std::int64_t>(tree->fields, "since", what);
    if (!path)
        return std::unexpected(path.error());
    if (!place)
        return std::unexpected(place.error());
    if (!modified || !since)
        return std::unexpected(modified ? since.error() : modified.error());
    record.path = std::move(*path);
    record.file = bytes_field(tree->fields, "file", what).value_or(record.path);
    record.place = *place;
    record.modified = *modified;
    record.since = *since;
    if (const auto past = tree->objects.find("past"); past != tree->objects.end()) {
        for (const auto &fields : past->second) {
            auto before = parse_place(fields, what);
            if (!before)
                return std::unexpected(before.error());
            record.past.push_back(*before);
        }
    }
    return record;
}

std::string file_key_prefix(const std::string &section) {
    return (section.size() <= most_section ? section : sha256_of(section)) + separator;
}

std::string file_key(const std::string &section, const std::string &path) {
    std::string key = file_key_prefix(section);
    key += key.size() + path.size() <= most_key ? path : sha256_of(path);
    return key;
}

std::string section_of_key(std::string_view key) {
    return std::string(key.substr(0, key.find(separator)));
}

} // namespace hostav
