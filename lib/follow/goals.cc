// SPDX-License-Identifier: GPL-2.0-only
#include "follow/goals.h"

#include "follow/file_record.h"

#include <algorithm>
#include <fcntl.h>

namespace hostav {

void Goals::note(const Input &input) {
    const auto status = status_of(AT_FDCWD, input.name());
    const auto record = FileRecord::parse(input.record(), "record");
    if (!status || !record)
        return;
    const bool was_past = std::ranges::any_of(
        record->past, [&](const auto &place) { return place.id == status->id; });
    goals_[&input] = {status->id.device, status->id.inode, status->size, was_past};
}

bool Goals::reached(const Input &input) const {
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
