// SPDX-License-Identifier: GPL-2.0-only
#include "metric/followed_lines.h"

#include "base/text.h"

#include <algorithm>

namespace hostav {

namespace {

constexpr std::size_t most_at_once = std::size_t{256} * 1024; ///< bytes, and a line
/// After a fill that gave nothing although bytes are there, and after one that failed.
constexpr std::chrono::milliseconds look_again{500}, try_again{5000};
/// --once: so long nothing could be read of what is not read: it is a half line.
constexpr std::chrono::milliseconds once_quiet{6000};
constexpr const char *record_prefix = "in/";
constexpr const char *known_prefix = "known/";

} // namespace

FollowedLines::FollowedLines(FollowedOptions options, Complaints &complaints)
    : options_(std::move(options)), complaints_(complaints), follower_(follower_options()) {
    format_.lines = true;
}

FollowerOptions FollowedLines::follower_options() {
    FollowerOptions options;
    options.event_end = std::chrono::milliseconds(0); // a line is one
    options.whole_lines = true;
    options.own = own_outputs();
    options.complain = [this](const std::string &key, const std::string &text) {
        complained_ = true;
        complaints_.add(Severity::warning, "file " + key, text);
    };
    return options;
}

Result<std::unique_ptr<FollowedLines>>
FollowedLines::create(const FollowedOptions &options, DataSpool &spool, Complaints &complaints) {
    std::unique_ptr<FollowedLines> lines(new FollowedLines(options, complaints));
    for (const auto &file : options.files)
        if (auto added = lines->add(file, spool); !added)
            return std::unexpected(added.error());
    return lines;
}

Result<void> FollowedLines::add(const std::string &file, DataSpool &spool) {
    auto path = followed_path(file);
    if (!path)
        return std::unexpected(path.error());
    FileSourceOptions source;
    source.name = source.pattern = *path;
    source.all = options_.all;
    source.format = &format_;
    const auto key = file_key_prefix(*path);
    auto known = spool.others(known_prefix + key);
    auto records = spool.others(record_prefix + key);
    if (!known || !records)
        return std::unexpected((known ? records : known).error());
    // What appeared while we were not running is no less new than what appears now.
    source.from_end = options_.from_end && known->empty();
    changes_[known_prefix + key] = "1";
    for (auto &[name, record] : *records)
        source.records[name.substr(std::string_view(record_prefix).size())] = std::move(record);
    return follower_.add(source);
}

std::vector<pollfd> FollowedLines::descriptors() const {
    return {{ended_ ? -1 : follower_.fd(), POLLIN, 0}};
}

LineSource::Clock::time_point FollowedLines::next_work() const {
    if (ended_)
        return Clock::time_point::max();
    auto next = last_progress_ == Clock::time_point::max() ? Clock::time_point::min()
                                                           : follower_.next_work();
    for (const auto &[input, file] : files_)
        if (file.more || input->waiting() > 0)
            next = std::min(next, file.not_before);
    if (options_.once)
        next = std::min(next, Clock::now() + look_again);
    return next;
}

void FollowedLines::take_changes(const Follower::Changes &changes) {
    for (auto *input : changes.appeared) {
        files_[input] = {};
        goals_.note(*input);
        // Rotated while we are dead, it is found again only if it was known.
        changes_[record_prefix + input->key()] = input->record();
    }
    for (auto *input : changes.moved)
        if (files_.contains(input))
            changes_[record_prefix + input->key()] = input->record();
    for (auto *input : changes.gone) {
        changes_[record_prefix + input->key()] = std::nullopt;
        goals_.forget(*input);
        files_.erase(input);
    }
}

void FollowedLines::work(std::span<const pollfd> /*ready*/, Counter &counter, std::time_t now) {
    const auto began = Clock::now();
    if (last_progress_ == Clock::time_point::max())
        last_progress_ = began;
    take_changes(follower_.work(began));
    for (auto &[input, file] : files_)
        if (began >= file.not_before && (file.more || input->waiting() > 0))
            fill(*input, file, counter, now);
    ended_ = options_.once && has_end(Clock::now());
}

/// All or nothing of a fill counts: what fails in the middle comes again.
void FollowedLines::fill(Input &input, File &file, Counter &counter, std::time_t now) {
    lines_.clear();
    lines_.reserve(most_at_once * 5 / 4);
    const auto filled = input.fill(
        [this](const Event &event) {
            if (lines_.size() >= most_at_once)
                return false;
            lines_ += event.message;
            lines_ += '\n';
            return true;
        },
        false);
    file.more = filled && (filled->refused || filled->again);
    if (!filled) {
        complained_ = true;
        complaints_.add(Severity::error, "input " + input.name(), filled.error().text());
        file.not_before = Clock::now() + try_again;
        return;
    }
    const auto at = Clock::now();
    file.not_before = file.more ? at : at + look_again;
    if (filled->events > 0) {
        counter.count(lines_, now);
        last_progress_ = at;
        file.not_before = at;
    }
    input.delivered();
    changes_[record_prefix + input.key()] = input.record();
}

bool FollowedLines::has_end(Clock::time_point now) const {
    bool all = true;
    for (const auto &[input, file] : files_) {
        const bool read = goals_.reached(*input) || (input->idle() && !file.more);
        all = all && read;
        if (!read && (file.more || input->waiting() > 0))
            return false;
    }
    return all || now - last_progress_ >= once_quiet;
}

void FollowedLines::stop(Counter & /*counter*/, std::time_t /*now*/) {
    ended_ = true;
}

void FollowedLines::save(DataSpool &to) {
    for (auto &[key, record] : changes_)
        to.put(key, std::move(record));
    changes_.clear();
}

} // namespace hostav
