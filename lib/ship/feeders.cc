// SPDX-License-Identifier: GPL-2.0-only
#include "ship/feeders.h"

#include "base/digest.h"
#include "base/text.h"
#include "ship/backlog.h"
#include "ship/event_format.h"
#include "ship/journal_feeder.h"
#include "ship/spool.h"
#include "ship/stdin_feeder.h"

#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

/// A file's name, and a short one.
std::string spool_name(const std::string &section) {
    constexpr std::size_t longest = 100;
    return section.size() <= longest ? hex(section) : sha256_of(section);
}

} // namespace

Feeders::~Feeders() = default;

Result<std::unique_ptr<Feeders>> Feeders::create(const Parts &parts) {
    std::unique_ptr<Feeders> feeders(new Feeders(parts));
    for (const auto &stream : parts.config.streams)
        if (auto added = feeders->add(stream); !added)
            return std::unexpected(added.error());
    feeders->keep_backlogs();
    return feeders;
}

bool Feeders::incomplete() const {
    return damaged_ || (stdin_ != nullptr && stdin_->failed());
}

/// --status cannot do without, but shipping can.
void Feeders::keep_backlogs() {
    if (parts_.state == nullptr || backlogs_.empty())
        return;
    if (const auto kept = parts_.state->commit(backlogs_); !kept)
        parts_.complaints.add(Severity::error, "state", kept.error().text());
}

Result<void> Feeders::add(const StreamConfig &config) {
    auto destination = parts_.sinks.destination(config);
    if (!destination)
        return std::unexpected(destination.error());
    Stream stream;
    stream.section = config.name;
    stream.destination = std::move(*destination);
    stream.buffer = std::chrono::milliseconds(config.buffer_duration);
    stream.batch_count = config.batch_count;
    stream.batch_bytes = config.batch_size;
    streams_[config.name] = std::move(stream);
    auto format = event_format(config);
    if (!format)
        return std::unexpected(format.error());
    formats_.push_back(std::move(*format));
    if (parts_.options.reads_stdin())
        return add_stdin(config);
    return config.file.empty() ? add_journal(config) : add_file(config);
}

std::optional<std::string> Feeders::saved(const std::string &key) const {
    if (parts_.state == nullptr)
        return std::nullopt;
    return parts_.state->get(parts_.prefix + key).value_or(std::nullopt);
}

Result<std::map<std::string, std::string>> Feeders::saved_files(const std::string &section) const {
    std::map<std::string, std::string> records;
    if (parts_.state == nullptr)
        return records;
    auto known = parts_.state->all(parts_.prefix + file_key_prefix(section));
    if (!known)
        return std::unexpected(known.error());
    for (auto &[key, record] : *known)
        records[key.substr(parts_.prefix.size())] = std::move(record);
    return records;
}

/// In memory, or on disk where --spool says so.
Result<EventQueue *> Feeders::make_queue(const std::string &name, const std::string &section) {
    const auto &options = parts_.options;
    // A dry run delivers nothing, so that it must not take what waits for its delivery.
    if (!options.spool_directory || options.dry_run) {
        queues_.push_back(std::make_unique<MemoryQueue>(name));
        return queues_.back().get();
    }
    const auto dropped = [this](std::uint64_t events) {
        parts_.complaints.add(Severity::warning, "spool",
                              "the spool is full: " + std::to_string(events) +
                                  " of the oldest events were dropped");
    };
    const auto damaged = [this](std::uint64_t bytes) {
        complained_ = damaged_ = true;
        parts_.complaints.add(Severity::error, "spool damaged",
                              "the spool is damaged: " + std::to_string(bytes) +
                                  " bytes of it are no events and are left out");
    };
    auto spool = Spool::open({*options.spool_directory, name, options.spool_size, options.when_full,
                              saved("spool/" + name), dropped, damaged});
    if (!spool)
        return std::unexpected(spool.error());
    backlogs_[backlog_key(parts_.prefix, (*spool)->key())] =
        backlog_record({section, name, *options.spool_directory, true, {}, {}});
    queues_.push_back(std::move(*spool));
    return queues_.back().get();
}

Result<void> Feeders::add_stdin(const StreamConfig &config) {
    auto queue = make_queue("stdin", config.name);
    if (!queue)
        return std::unexpected(queue.error());
    auto feeder =
        StdinFeeder::create(STDIN_FILENO, formats_.back(), **queue, [this](const Error &error) {
            parts_.complaints.add(Severity::error, "input stdin", error.text());
        });
    if (!feeder)
        return std::unexpected(feeder.error());
    stdin_ = feeder->get();
    sections_[*queue] = config.name;
    feeders_.push_back(std::move(*feeder));
    return {};
}

Result<void> Feeders::add_journal(const StreamConfig &config) {
    JournalOptions options;
    options.name = config.name;
    options.units = config.journal_units;
    options.identifiers = config.journal_identifiers;
    options.directory = parts_.options.journal_directory.value_or("");
    options.from_end = config.from_end;
    options.to_present = parts_.options.once;
    const bool spooled = parts_.options.spool_directory && parts_.state != nullptr;
    const auto name = journal_key(config.name);
    const auto copied = "copied/" + name;
    options.longest = formats_.back().longest;
    options.saved = saved(spooled ? copied : name);
    auto journal = JournalInput::open(options);
    if (!journal)
        return std::unexpected(journal.error());
    backlogs_[backlog_key(parts_.prefix, spooled ? copied : name)] = backlog_record(
        {config.name, config.name, options.directory, false, options.units, options.identifiers});
    if (!spooled) {
        sections_[journal->get()] = config.name;
        feeders_.push_back(std::make_unique<JournalFeeder>(std::move(*journal)));
        return {};
    }
    auto queue = make_queue(spool_name(name), config.name);
    if (!queue)
        return std::unexpected(queue.error());
    sections_[*queue] = config.name;
    feeders_.push_back(std::make_unique<JournalFeeder>(
        std::move(*journal), **queue, *parts_.state, parts_.prefix + copied,
        [this](const Error &error) {
            complained_ = true;
            parts_.complaints.add(Severity::error, "copy of the journal", error.text());
        }));
    return {};
}

FollowerOptions Feeders::follower_options() {
    FollowerOptions options;
    options.complain = [this](const std::string &key, const std::string &text) {
        complained_ = true;
        // The follower looks for files only: to it, nothing is there.
        struct stat st = {};
        const bool directory =
            key.starts_with('/') && ::stat(key.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
        parts_.complaints.add(Severity::warning, "file " + key,
                              directory ? escape_path(key) + ": is a directory, not a file" : text);
    };
    // What we say ourselves must not come back as something to ship.
    options.own = own_outputs();
    return options;
}

Result<void> Feeders::add_file(const StreamConfig &config) {
    if (files_ == nullptr) {
        auto feeder = std::make_unique<FileFeeder>(follower_options());
        files_ = feeder.get();
        feeders_.push_back(std::move(feeder));
    }
    FileSourceOptions source;
    source.name = config.name;
    source.pattern = config.file;
    source.all = config.follow_all;
    source.from_end = config.from_end;
    source.fingerprint_first = config.fingerprint_first;
    source.fingerprint_last = config.fingerprint_last;
    source.format = &formats_.back();
    auto records = saved_files(config.name);
    if (!records)
        return std::unexpected(records.error());
    source.records = std::move(*records);
    return files_->follower().add(source);
}

std::vector<Feeder *> Feeders::all() const {
    std::vector<Feeder *> all;
    all.reserve(feeders_.size());
    for (const auto &feeder : feeders_)
        all.push_back(feeder.get());
    return all;
}

const Stream *Feeders::stream_of(const Input &input) const {
    auto section = sections_.find(&input);
    std::string name;
    if (section != sections_.end())
        name = section->second;
    else if (const auto file = read_file_record(input.key(), input.record()))
        name = file->section;
    const auto stream = streams_.find(name);
    return stream == streams_.end() ? nullptr : &stream->second;
}

std::string Feeders::describe() const {
    if (files_ == nullptr)
        return std::to_string(streams_.size()) + " streams";
    std::uint64_t behind = 0;
    const auto progress = files_->follower().progress();
    for (const auto &file : progress)
        behind += file.behind;
    return std::to_string(progress.size()) + " files, " + std::to_string(behind) +
           " bytes to deliver";
}

} // namespace hostav
