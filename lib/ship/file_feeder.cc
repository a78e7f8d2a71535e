// SPDX-License-Identifier: GPL-2.0-only
#include "ship/file_feeder.h"

#include "follow/file_record.h"

#include <algorithm>
#include <fcntl.h>

namespace hostav {

void FileFeeder::add_descriptors(std::vector<pollfd> &to) const {
    if (follower_.fd() >= 0)
        to.push_back({follower_.fd(), POLLIN, 0});
}

Feeder::Clock::time_point FileFeeder::next_work() const {
    return looked_ ? follower_.next_work() : Clock::time_point::min();
}

Result<Feeder::Changes> FileFeeder::work(Clock::time_point now) {
    looked_ = true;
    auto changes = follower_.work(now);
    for (const auto *input : changes.appeared)
        note_goal(*input);
    for (const auto *input : changes.gone)
        goals_.erase(input);
    return Changes{std::move(changes.appeared), std::move(changes.gone), std::move(changes.moved)};
}

void FileFeeder::note_goal(const Input &input) {
    const auto status = status_of(AT_FDCWD, input.name());
    const auto record = FileRecord::parse(input.record(), "record");
    if (!status || !record)
        return;
    const bool was_past = std::ranges::any_of(
        record->past, [&](const auto &place) { return place.id == status->id; });
    goals_[&input] = {status->id.device, status->id.inode, status->size, was_past};
}

/// What comes into a file while it is read has no end where its writer is fast enough.
bool FileFeeder::has_enough(const Input &input) const {
    const auto goal = goals_.find(&input);
    if (goal == goals_.end())
        return false;
    const auto record = FileRecord::parse(input.record(), "record");
    if (!record)
        return false;
    const FileIdentity id{goal->second.device, goal->second.inode};
    const auto is_read = [&](const FilePlace &place) {
        return place.id == id && place.state.offset >= goal->second.size;
    };
    // One that was cut and written anew before has its earlier content among those before.
    return is_read(record->place) ||
           (!goal->second.was_past && std::ranges::any_of(record->past, is_read));
}

} // namespace hostav
