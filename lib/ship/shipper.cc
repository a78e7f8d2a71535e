// SPDX-License-Identifier: GPL-2.0-only
#include "ship/shipper_parts.h"

#include "base/resources.h"
#include "base/service_manager.h"
#include "ship/status.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace hostav {

namespace {

/// A stop delivers what is there for so long, and waits for answers for so long.
constexpr std::chrono::seconds stop_deliver{10};
constexpr std::chrono::seconds stop_quiet{2};
constexpr std::chrono::seconds stop_answers{30};
constexpr std::chrono::seconds once_quiet{15}; ///< more than a half line waits for its end
constexpr std::chrono::seconds notice_every{10};
constexpr std::chrono::milliseconds longest_wait{60000};
constexpr std::chrono::milliseconds quiet{500};
constexpr Backoff::Time first_backoff{200};
constexpr Backoff::Time longest_backoff{60000};
constexpr Backoff::Time longest_splitting{1000}; ///< thousands of events may have to be tried

} // namespace

Shipper::Lane::Lane()
    : backoff(first_backoff, longest_backoff), splitting(first_backoff, longest_splitting) {}
Shipper::Lane::~Lane() = default;

Shipper::Shipper(Parts parts, ShipperOptions options)
    : parts_(std::move(parts)), options_(std::move(options)), started_(Clock::now()),
      last_progress_(started_), next_notice_(started_), next_watchdog_(started_) {}

Shipper::~Shipper() = default;

bool Shipper::nothing_left() const {
    return in_flight_ == 0 && std::ranges::all_of(sources_, [](const auto &source) {
               return source.second.enough || (source.first->idle() && !source.second.more);
           });
}

/// Nothing better will come than what is there: batches are not waited for.
bool Shipper::flushes() const {
    return stopping_ ||
           (options_.once && std::ranges::all_of(parts_.feeders, [](const auto *feeder) {
                return feeder->ended();
            }));
}

/// A stop begins nothing new after a while, and a new configuration's nothing at all.
bool Shipper::launches(Clock::time_point now) const {
    return !stopping_ || (!reread_ && now - stop_since_ < stop_deliver);
}

/// What dies with us.
void Shipper::count_lost() {
    for (auto *feeder : parts_.feeders)
        lost_ += feeder->conclude();
}

bool Shipper::gives_up(Clock::time_point now) const {
    if (closed_)
        return true;
    const bool unreadable = std::ranges::any_of(sources_, [&](const auto &source) {
        const auto since = source.second.failing_since;
        return since != Clock::time_point::max() && now - since >= options_.give_up_denied;
    });
    return unreadable || std::ranges::any_of(lanes_, [&](const auto &lane) {
               const auto since = lane.second.failing_since;
               return since != Clock::time_point::max() &&
                      now - since >=
                          (lane.second.denied ? options_.give_up_denied : options_.give_up);
           });
}

bool Shipper::over(Clock::time_point now) const {
    if (stopping_) {
        const bool answered = std::ranges::none_of(lanes_, [](const auto &lane) {
            return lane.second.flight && lane.second.flight->sent;
        });
        if (!answered)
            return now - stop_since_ >= stop_answers;
        return reread_ || nothing_left() ||
               now - std::max(stop_since_, last_progress_) >= stop_quiet ||
               now - stop_since_ >= stop_deliver;
    }
    if (closed_)
        return true;
    if (!options_.once || !ready_)
        return false;
    if (!flushes())
        return gives_up(now);
    // What has waited for its end for so long (a file that is shorter than its fingerprint) will
    // not come.
    const bool stuck = in_flight_ == 0 && now - last_progress_ >= once_quiet &&
                       std::ranges::all_of(sources_, [](const auto &source) {
                           return source.first->waiting() == 0;
                       });
    return nothing_left() || stuck || gives_up(now);
}

void Shipper::take_signals(Clock::time_point now) {
    const bool hup = parts_.signals.take_waking() == SIGHUP;
    const bool end = parts_.signals.pending() != 0;
    // Who is asked to end while a new configuration is on its way will not be asked again.
    const bool changes = stopping_ && reread_ && end;
    if ((stopping_ && !changes) || (!end && !hup))
        return;
    reread_ = !end;
    stopping_ = true;
    stop_since_ = now;
    notify_service_manager(reread_ ? "RELOADING=1" : "STOPPING=1");
    for (auto *feeder : parts_.feeders)
        feeder->stop();
}

Result<void> Shipper::feed(Clock::time_point now) {
    for (auto *feeder : parts_.feeders) {
        auto changes = feeder->work(now);
        if (!changes)
            return std::unexpected(changes.error());
        for (auto *input : changes->appeared)
            if (const auto *stream = parts_.stream_of(*input); stream != nullptr) {
                sources_[input] = {
                    .input = input, .stream = stream, .feeder = feeder, .not_before = now};
                // Rotated while we are dead, it is found again only if it was known.
                if (const auto key = input->key(); !key.empty())
                    changes_[options_.record_prefix + key] = input->record();
            }
        for (auto *input : changes->moved)
            if (sources_.contains(input))
                changes_[options_.record_prefix + input->key()] = input->record();
        for (auto *input : changes->gone) {
            if (const auto key = input->key(); !key.empty())
                changes_[options_.record_prefix + key] = std::nullopt;
            sources_.erase(input);
            for (auto &[destination, lane] : lanes_)
                if (lane.flight && lane.flight->input == input)
                    lane.flight->input = nullptr;
        }
    }
    return {};
}

void Shipper::commit(bool last) {
    if (parts_.state == nullptr)
        return changes_.clear();
    const bool errors_too = last || !changes_.empty() || Clock::now() >= next_notice_;
    if (errors_too)
        for (auto &[section, status] : status_)
            if (std::exchange(status.changed, false))
                changes_[status_key(section)] =
                    status_record({status.last_success, status.last_error, status.error,
                                   status.events, status.rejected, status.replaced, status.split});
    if (changes_.empty())
        return;
    if (auto done = parts_.state->commit(changes_); !done) {
        // Delivered, but not written down: it would come again after a crash, no worse.
        parts_.complaints.add(Severity::error, "state",
                              done.error().text() +
                                  ": what is delivered cannot be written down, and may come again");
        unsaved_ = last;
        return;
    }
    changes_.clear();
}

Shipper::Clock::time_point Shipper::next_event(Clock::time_point now) const {
    auto next = now + longest_wait;
    // What will not be done now is not waited for, or there would be no waiting.
    if (feeds())
        for (const auto *feeder : parts_.feeders)
            next = std::min(next, feeder->next_work());
    next = std::min(next, parts_.sink.next_work());
    if (launches(now) && in_flight_ < options_.most_batches)
        for (const auto &[input, source] : sources_) {
            const auto lane = lanes_.find(source.stream->destination);
            if (lane == lanes_.end()) {
                next = std::min(next, due(source));
            } else if (!lane->second.flight) {
                next = std::min(next, std::max(due(source), lane->second.not_before));
            }
        }
    if (launches(now))
        for (const auto &[destination, lane] : lanes_)
            if (lane.flight && !lane.flight->sent)
                next = std::min(next, lane.not_before);
    if (const auto watchdog = watchdog_interval(); watchdog.count() > 0)
        next = std::min(next, next_watchdog_);
    constexpr std::chrono::milliseconds often{200};
    // `At once` may be the least time there is: no time may be before now.
    return std::max(now, stopping_ || options_.once ? std::min(next, now + often) : next);
}

Result<void> Shipper::wait(Clock::time_point now) {
    std::vector<pollfd> fds{{parts_.signals.fd(), POLLIN, 0}};
    if (feeds())
        for (const auto *feeder : parts_.feeders)
            feeder->add_descriptors(fds);
    parts_.sink.add_descriptors(fds);
    using std::chrono::milliseconds;
    // Rounded up: waking too early would only mean to wait again.
    const auto longest = std::clamp(std::chrono::ceil<milliseconds>(next_event(now) - now),
                                    milliseconds(0), longest_wait);
    // What batches took is given back when there are none for a while.
    if (in_flight_ == 0 && longest >= quiet && std::exchange(launched_, false))
        give_back_memory();
    return parts_.http.wait(fds, done_.empty() ? longest : milliseconds(0));
}

void Shipper::notify(Clock::time_point now) {
    if (!ready_) {
        ready_ = true;
        notify_service_manager("READY=1");
    }
    if (const auto watchdog = watchdog_interval(); watchdog.count() > 0 && now >= next_watchdog_) {
        notify_service_manager("WATCHDOG=1");
        next_watchdog_ = now + watchdog;
    }
    if (now >= next_notice_) {
        next_notice_ = now + notice_every;
        if (parts_.describe)
            notify_service_manager("STATUS=" + parts_.describe());
    }
}

Result<Shipper::Ended> Shipper::run() {
    for (;;) {
        auto now = Clock::now();
        take_signals(now);
        if (feeds())
            if (auto fed = feed(now); !fed)
                return std::unexpected(fed.error());
        if (launches(now))
            launch(now);
        take_done(now);
        commit();
        notify(now);
        now = Clock::now();
        if (over(now))
            break;
        if (auto waited = wait(now); !waited)
            return std::unexpected(waited.error());
        parts_.sink.work();
        take_done(Clock::now());
        commit();
    }
    count_lost();
    commit(true);
    if (stopping_) // asked to end a moment ago, perhaps
        return reread_ && parts_.signals.pending() == 0 ? Ended::reread : Ended::stopped;
    return closed_ || gives_up(Clock::now()) ? Ended::gave_up : Ended::complete;
}

} // namespace hostav
