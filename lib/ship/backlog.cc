// SPDX-License-Identifier: GPL-2.0-only
#include "ship/backlog.h"

#include "base/ascii.h"
#include "base/json.h"
#include "base/text.h"
#include "follow/journal.h"
#include "ship/sink.h"
#include "ship/spool.h"

#include <algorithm>

namespace hostav {

namespace {

/// Entries of a journal that are counted, and no more.
constexpr std::size_t most_entries = 10'000;

std::string joined(const std::vector<std::string> &names) {
    std::string text;
    for (const auto &name : names)
        text += name + "\n";
    return text;
}

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    for (const auto line : split(text, '\n'))
        if (!line.empty())
            lines.emplace_back(line);
    return lines;
}

Result<BacklogSource> parse_source(const std::string &record) {
    const auto fields = parse_flat_json(record, "state");
    if (!fields)
        return std::unexpected(fields.error());
    return BacklogSource{
        text_field(*fields, "section"),         text_field(*fields, "name"),
        text_field(*fields, "directory"),       text_field(*fields, "kind") == "spool",
        lines_of(text_field(*fields, "units")), lines_of(text_field(*fields, "identifiers"))};
}

struct Behind {
    std::size_t entries = 0;
    std::uint64_t seconds = 0; ///< since the first of them
};

Result<Behind> journal_behind(const BacklogSource &source,
                              const std::optional<std::string> &saved) {
    JournalOptions options;
    options.name = source.name;
    options.directory = source.directory;
    options.units = source.units;
    options.identifiers = source.identifiers;
    options.saved = saved;
    const auto journal = JournalInput::open(options);
    if (!journal)
        return std::unexpected(journal.error());
    Behind behind;
    const auto now = wall_clock();
    const auto filled = (*journal)->fill(
        [&](const Event &event) {
            if (behind.entries == most_entries)
                return false;
            constexpr EventTime in_second = 1000;
            if (behind.entries++ == 0)
                behind.seconds = static_cast<std::uint64_t>(
                    std::max<EventTime>(now - event.time, 0) / in_second);
            return true;
        },
        false);
    return filled ? Result<Behind>(behind) : std::unexpected(filled.error());
}

std::string describe(const BacklogSource &source, const std::optional<std::string> &saved,
                     bool json) {
    JsonObject line;
    line.add("stream", source.section);
    line.add_bytes(source.is_spool ? "spool" : "journal", source.directory);
    std::string text = source.is_spool ? "  spool " : "  journal ";
    text += (source.directory.empty() ? "of the system" : escape_path(source.directory)) + ": ";
    if (source.is_spool) {
        SpoolOptions options;
        options.directory = source.directory;
        options.name = source.name;
        options.saved = saved;
        const auto bytes = Spool::backlog(options);
        line.add("behind_bytes", bytes.value_or(0));
        if (!bytes)
            line.add("error", bytes.error().text());
        text += bytes ? "behind " + std::to_string(*bytes) + " bytes" : bytes.error().text();
    } else {
        const auto behind = journal_behind(source, saved);
        line.add("behind_events", std::uint64_t{behind.value_or(Behind{}).entries});
        line.add("behind_seconds", behind.value_or(Behind{}).seconds);
        if (!behind)
            line.add("error", behind.error().text());
        text += behind ? "behind " + std::to_string(behind->entries) +
                             (behind->entries == most_entries ? " events or more, " : " events, ") +
                             std::to_string(behind->seconds) + " seconds"
                       : behind.error().text();
    }
    return (json ? line.text() : text) + "\n";
}

} // namespace

std::string backlog_key(const std::string &prefix, const std::string &key) {
    return "source/" + prefix + key;
}

std::string backlog_record(const BacklogSource &source) {
    JsonObject record;
    record.add("kind", source.is_spool ? "spool" : "journal")
        .add("section", source.section)
        .add("name", source.name)
        .add("directory", source.directory)
        .add("units", joined(source.units))
        .add("identifiers", joined(source.identifiers));
    return record.text();
}

Result<std::map<std::string, std::string>> read_backlogs(const DurableMap &state,
                                                         const std::string &prefix, bool json) {
    const auto head = backlog_key(prefix, "");
    const auto sources = state.all(head);
    if (!sources)
        return std::unexpected(sources.error());
    std::map<std::string, std::string> lines;
    for (const auto &[key, record] : *sources) {
        const auto source = parse_source(record);
        const auto saved = state.get(prefix + key.substr(head.size()));
        if (source && saved)
            lines[source->section] += describe(*source, *saved, json);
    }
    return lines;
}

} // namespace hostav
