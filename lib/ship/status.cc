// SPDX-License-Identifier: GPL-2.0-only
#include "ship/status.h"

#include "base/json.h"
#include "base/log_file.h"
#include "base/text.h"
#include "follow/follower.h"
#include "ship/backlog.h"

#include <algorithm>

namespace hostav {

namespace {

constexpr const char *status_prefix = "status/";

std::time_t time_field(const std::map<std::string, std::string> &fields, const char *name) {
    return static_cast<std::time_t>(parse_number(text_field(fields, name)).value_or(0));
}

StreamStatus parse_status(const std::string &record) {
    StreamStatus status;
    const auto fields = parse_flat_json(record, "state");
    if (!fields)
        return status;
    const auto number = [&fields](const char *name) {
        return parse_number(text_field(*fields, name)).value_or(0);
    };
    status.last_success = time_field(*fields, "last_success");
    status.last_error = time_field(*fields, "last_error");
    status.error = text_field(*fields, "error");
    status.events = number("events");
    status.rejected = number("rejected");
    status.replaced = number("replaced");
    status.split = number("split");
    return status;
}

bool failing(const StreamStatus &status) {
    return status.last_error > status.last_success;
}

std::string ago(std::time_t when) {
    if (when == 0)
        return "never";
    return log_time(when);
}

/// Seconds since the last delivery, while something waits; 0 when all is delivered, and when
/// nothing ever was.
std::uint64_t seconds_behind(const FileProgress &file, const StreamStatus &status) {
    if (file.behind == 0 || status.last_success == 0)
        return 0;
    return static_cast<std::uint64_t>(
        std::max<std::time_t>(std::time(nullptr) - status.last_success, 0));
}

void add_stream(StatusReport &report, const std::string &section, const StreamStatus &status,
                bool json) {
    if (json) {
        JsonObject line;
        line.add("stream", section)
            .add("last_success", static_cast<std::uint64_t>(status.last_success))
            .add("last_error", static_cast<std::uint64_t>(status.last_error))
            .add("error", status.error)
            .add("events", status.events)
            .add("rejected", status.rejected)
            .add("replaced", status.replaced)
            .add("split", status.split);
        report.text += line.text() + "\n";
        return;
    }
    report.text += "[" + escape_path(section) + "]\n  last success: " + ago(status.last_success) +
                   "\n  last error:   " + ago(status.last_error) +
                   (status.error.empty() ? "" : ": " + status.error) + "\n  events " +
                   std::to_string(status.events) + ", rejected " + std::to_string(status.rejected) +
                   ", replaced sequences " + std::to_string(status.replaced) + ", split " +
                   std::to_string(status.split) + "\n";
}

void add_file(StatusReport &report, const FileProgress &file, const StreamStatus &status,
              bool json) {
    const auto seconds = seconds_behind(file, status);
    if (json) {
        JsonObject line;
        line.add("stream", file.section).add_bytes("file", file.path);
        line.add("offset", file.offset)
            .add("size", file.size)
            .add("behind_bytes", file.behind)
            .add("behind_seconds", seconds);
        report.text += line.text() + "\n";
        return;
    }
    report.text += "  " + escape_path(file.path) + ": offset " + std::to_string(file.offset) +
                   " of " + std::to_string(file.size) + ", behind " + std::to_string(file.behind) +
                   " bytes, " + std::to_string(seconds) + " seconds\n";
}

} // namespace

std::string status_key(const std::string &section) {
    constexpr std::size_t longest = 400; // LMDB's keys
    return status_prefix + section.substr(0, longest);
}

std::string status_record(const StreamStatus &status) {
    JsonObject record;
    record.add("last_success", static_cast<std::uint64_t>(status.last_success))
        .add("last_error", static_cast<std::uint64_t>(status.last_error))
        .add("error", status.error)
        .add("events", status.events)
        .add("rejected", status.rejected)
        .add("replaced", status.replaced)
        .add("split", status.split);
    return record.text();
}

Result<StatusReport> read_status(const DurableMap &state, const std::string &prefix, bool json) {
    const auto streams = state.all(status_prefix);
    if (!streams)
        return std::unexpected(streams.error());
    const auto inputs = state.all(prefix);
    if (!inputs)
        return std::unexpected(inputs.error());
    auto backlogs = read_backlogs(state, prefix, json);
    if (!backlogs)
        return std::unexpected(backlogs.error());
    StatusReport report;
    std::map<std::string, std::pair<StreamStatus, std::vector<FileProgress>>> sections;
    for (const auto &[key, record] : *streams)
        sections[key.substr(std::string_view(status_prefix).size())].first = parse_status(record);
    for (const auto &[key, record] : *inputs)
        if (auto file = read_file_record(key.substr(prefix.size()), record))
            sections[file->section].second.push_back(std::move(*file));
    for (const auto &[section, lines] : *backlogs)
        sections.try_emplace(section);
    for (const auto &[section, known] : sections) {
        const auto &[status, files] = known;
        add_stream(report, section, status, json);
        for (const auto &file : files)
            add_file(report, file, status, json);
        report.text += (*backlogs)[section];
        report.good = report.good && !failing(status);
    }
    if (sections.empty() && !json)
        report.text = "nothing was shipped yet\n";
    return report;
}

} // namespace hostav
