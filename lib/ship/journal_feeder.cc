// SPDX-License-Identifier: GPL-2.0-only
#include "ship/journal_feeder.h"

#include <algorithm>

namespace hostav {

namespace {

constexpr Backoff::Time first_retry{1000};
constexpr Backoff::Time longest_retry{60000};

} // namespace

JournalFeeder::JournalFeeder(std::unique_ptr<JournalInput> journal)
    : journal_(std::move(journal)), backoff_(first_retry, longest_retry) {}

JournalFeeder::JournalFeeder(std::unique_ptr<JournalInput> journal, EventQueue &spool,
                             DurableMap &state, std::string key, Complain complain)
    : journal_(std::move(journal)), spool_(&spool), state_(&state), key_(std::move(key)),
      complain_(std::move(complain)), backoff_(first_retry, longest_retry) {}

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
    return wants_copy() ? retry_at_ : journal_->next_look();
}

bool JournalFeeder::wants_copy() const {
    return spool_ != nullptr && (uncommitted_ || (journal_->waiting() > 0 && spool_->has_room()));
}

bool JournalFeeder::ended() const {
    // --once does not wait for what fails to be copied: it was said, and is for the next run.
    return announced_ && (spool_ == nullptr || stopped_ || backoff_.failures() > 0 ||
                          (journal_->waiting() == 0 && !uncommitted_));
}

/// Into the spool, the spool to disk, and only then the place behind it.
Result<void> JournalFeeder::copy() {
    constexpr std::size_t at_once = 1000;
    if (journal_->waiting() > 0 && spool_->has_room()) {
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
        uncommitted_ = true;
    }
    return settle();
}

Result<void> JournalFeeder::settle() {
    if (auto synced = spool_->sync(); !synced)
        return synced;
    auto committed = state_->commit({{key_, journal_->record()}});
    uncommitted_ = !committed;
    return committed;
}

std::uint64_t JournalFeeder::conclude() {
    if (uncommitted_) // or the next run copies it once more
        best_effort(settle());
    return 0;
}

Result<Feeder::Changes> JournalFeeder::work(Clock::time_point now) {
    Changes changes;
    if (!std::exchange(announced_, true))
        changes.appeared.push_back(spool_ != nullptr ? static_cast<Input *>(spool_)
                                                     : journal_.get());
    if (stopped_)
        return changes;
    journal_->look();
    if (!wants_copy() || now < retry_at_)
        return changes;
    retry_at_ = Clock::time_point::min();
    if (auto copied = copy(); !copied) {
        retry_at_ = now + first_retry + backoff_.failed();
        complain_(copied.error());
    } else {
        backoff_.succeeded();
    }
    return changes;
}

} // namespace hostav
