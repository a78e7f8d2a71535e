// SPDX-License-Identifier: GPL-2.0-only
#include "ship/journal_feeder.h"

#include <algorithm>

namespace hostav {

JournalFeeder::JournalFeeder(std::unique_ptr<JournalInput> journal)
    : journal_(std::move(journal)) {}

JournalFeeder::JournalFeeder(std::unique_ptr<JournalInput> journal, EventQueue &spool,
                             DurableMap &state, std::string key)
    : journal_(std::move(journal)), spool_(&spool), state_(&state), key_(std::move(key)) {}

void JournalFeeder::add_descriptors(std::vector<pollfd> &to) const {
    if (!stopped_)
        to.push_back({journal_->fd(), POLLIN, 0});
}

Feeder::Clock::time_point JournalFeeder::next_work() const {
    if (!announced_)
        return Clock::time_point::min();
    if (stopped_)
        return Clock::time_point::max();
    // What is there already raises no event.
    const bool more = spool_ != nullptr && journal_->waiting() > 0 && spool_->has_room();
    return more ? Clock::time_point::min() : journal_->next_look();
}

bool JournalFeeder::ended() const {
    return announced_ && (spool_ == nullptr || stopped_ || journal_->waiting() == 0);
}

Result<void> JournalFeeder::copy() {
    constexpr std::size_t at_once = 1000;
    Result<void> pushed;
    std::size_t count = 0;
    auto filled = journal_->fill(
        [&](const Event &event) {
            if (!pushed || ++count > at_once || !spool_->has_room())
                return false;
            pushed = spool_->push(event);
            return pushed.has_value();
        },
        false);
    if (!filled)
        return std::unexpected(filled.error());
    if (!pushed)
        return pushed;
    journal_->delivered();
    if (auto synced = spool_->sync(); !synced)
        return synced;
    return state_->commit({{key_, journal_->record()}});
}

Result<Feeder::Changes> JournalFeeder::work(Clock::time_point /*now*/) {
    Changes changes;
    if (!std::exchange(announced_, true))
        changes.appeared.push_back(spool_ != nullptr ? static_cast<Input *>(spool_)
                                                     : journal_.get());
    if (stopped_)
        return changes;
    journal_->look();
    if (spool_ != nullptr && journal_->waiting() > 0 && spool_->has_room())
        if (auto copied = copy(); !copied)
            return std::unexpected(copied.error());
    return changes;
}

} // namespace hostav
