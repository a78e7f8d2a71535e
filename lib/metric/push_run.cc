// SPDX-License-Identifier: GPL-2.0-only
#include "metric/push_run.h"

#include "base/service_manager.h"
#include "base/text.h"
#include "metric/unfinished.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace hostav {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// After a signal nobody waits for long.
constexpr seconds patience_after_signal{10};
constexpr milliseconds longest_wait{60'000};
/// How far files are read is written down that often: two writes that wait for the disk.
constexpr seconds save_every{5};

} // namespace

PushRun::PushRun(const PushRunParts &parts)
    : parts_(parts), next_period_(parts.counter.next(std::time(nullptr))),
      next_watchdog_(Clock::now()) {}

Result<void> PushRun::to_its_end() {
    std::vector<pollfd> set;
    for (;;) {
        take_signals();
        take_lines(set);
        take_periods();
        save(false);
        parts_.pusher.work(Clock::now());
        notify();
        // Some sinks are done at once: then nothing is left to wait for.
        if (over())
            break;
        if (auto waited = wait(set); !waited)
            return waited;
    }
    save(true);
    return {};
}

bool PushRun::over() const {
    if (Clock::now() >= give_up_at_)
        return true;
    return ended_ && parts_.source.idle() && (parts_.pusher.idle() || parts_.pusher.hopeless());
}

milliseconds PushRun::pause() const {
    // Periods are the wall clock's, which may be set.
    auto longest = longest_wait;
    if (!ended_)
        longest = std::min<milliseconds>(
            longest, seconds(std::max<std::time_t>(0, next_period_ - std::time(nullptr))));
    auto next = std::min({parts_.pusher.next_work(), give_up_at_, parts_.source.next_work()});
    if (parts_.spool != nullptr && parts_.source.moved())
        next = std::min(next, next_save_);
    if (watchdog_interval().count() > 0)
        next = std::min(next, next_watchdog_);
    const auto now = Clock::now();
    if (next != Clock::time_point::max())
        longest = std::min(longest, std::chrono::ceil<milliseconds>(std::max(next, now) - now));
    return longest;
}

Result<void> PushRun::wait(std::vector<pollfd> &set) {
    set = parts_.source.descriptors();
    // A signal that ends stays ready.
    set.push_back({parts_.signals.pending() != 0 ? -1 : parts_.signals.fd(), POLLIN, 0});
    auto waited = parts_.http.wait(set, pause());
    set.pop_back();
    return waited;
}

void PushRun::take_signals() {
    parts_.signals.take_waking(); // there is nothing to read again
    if (ended_ || parts_.signals.pending() == 0)
        return;
    parts_.source.stop(parts_.counter, std::time(nullptr));
    end(std::min(patience_after_signal, parts_.patience), true);
}

void PushRun::take_lines(const std::vector<pollfd> &set) {
    parts_.source.work(set, parts_.counter, std::time(nullptr));
    if (parts_.counter.full())
        parts_.pusher.add(parts_.counter.flush());
    if (!ended_ && parts_.source.ended())
        end(parts_.patience, false);
}

void PushRun::take_periods() {
    const auto now = std::time(nullptr);
    if (ended_ || (now < next_period_ && next_period_ - now <= parts_.period))
        return;
    parts_.pusher.add(parts_.counter.take(now));
    next_period_ = parts_.counter.next(now);
}

/// The period that a service's stop falls into goes on after its next start: only what it has
/// counted of it is pushed, not that there was nothing.
void PushRun::end(seconds patience, bool stopped) {
    ended_ = true;
    const auto now = std::time(nullptr);
    if (stopped && parts_.service) {
        parts_.pusher.add(parts_.counter.take(now));
        parts_.pusher.add(parts_.counter.flush());
    } else {
        parts_.pusher.add(parts_.counter.finish(now));
    }
    parts_.pusher.finish();
    give_up_at_ = Clock::now() + patience;
    if (parts_.service)
        notify_service_manager("STOPPING=1");
}

void PushRun::save(bool last) {
    if (parts_.spool == nullptr)
        return;
    const auto now = Clock::now();
    const bool due = parts_.source.moved() && now >= next_save_;
    if (!last && !due && !parts_.spool->changed())
        return;
    if (parts_.service)
        save_unfinished(*parts_.spool, parts_.counter.snapshot());
    parts_.source.save(*parts_.spool);
    next_save_ = now + save_every;
    if (auto saved = parts_.spool->commit(); !saved) {
        parts_.complaints.add(Severity::error, "spool",
                              saved.error().text() + ": what is counted cannot be written down, "
                                                     "and may count again");
        unsaved_ = last;
    }
}

void PushRun::notify() {
    if (!parts_.service)
        return;
    if (!std::exchange(ready_, true))
        notify_service_manager("READY=1");
    const auto now = Clock::now();
    if (const auto every = watchdog_interval(); every.count() > 0 && now >= next_watchdog_) {
        notify_service_manager("WATCHDOG=1");
        next_watchdog_ = now + every;
    }
}

} // namespace hostav
