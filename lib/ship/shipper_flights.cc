// SPDX-License-Identifier: GPL-2.0-only
//
// Batches: begun when they are due, sent, judged, ended.
#include "ship/shipper_parts.h"

#include "base/text.h"

#include <algorithm>

namespace hostav {

namespace {

/// After a fill that gave nothing although bytes are there (a half line).
constexpr std::chrono::milliseconds look_again{500};
/// After a failure that needs somebody: a permission, credentials.
constexpr std::chrono::milliseconds denied_again{60000};
constexpr std::chrono::milliseconds denied_again_once{5000};
/// Batches whose memory is kept for the next ones.
constexpr std::size_t most_spare = 2;
/// `invalid` answers in a row without a pause: more than it takes to find one event of 10,000.
constexpr unsigned free_refusals = 16;

} // namespace

/// When its next batch should begin.
Shipper::Clock::time_point Shipper::due(const Source &source) const {
    const auto waiting = source.input->waiting();
    if (source.enough || (waiting == 0 && !source.more))
        return Clock::time_point::max();
    const bool now = source.more || flushes() || waiting >= source.stream->batch_bytes;
    const auto wanted =
        now ? Clock::time_point::min() : source.input->waiting_since() + source.stream->buffer;
    return std::max(wanted, source.not_before);
}

/// Those whose turn was the longest ago first: who always has more would keep others of its
/// destination, or of all, waiting for ever.
void Shipper::launch(Clock::time_point now) {
    repeat(now);
    if (in_flight_ >= options_.most_batches)
        return;
    std::vector<std::pair<Source *, Lane *>> wanted;
    for (auto &[input, source] : sources_) {
        auto &lane = lanes_[source.stream->destination];
        if (!lane.flight && now >= lane.not_before && due(source) <= now)
            wanted.emplace_back(&source, &lane);
    }
    std::ranges::sort(wanted, {}, [](const auto &one) { return one.first->turn; });
    for (const auto &[source, lane] : wanted) {
        if (in_flight_ >= options_.most_batches)
            return;
        if (lane->flight || now < lane->not_before)
            continue;
        source->turn = ++turns_;
        if (begin(*source, *lane, now))
            send(source->stream->destination, *lane->flight);
    }
}

/// What failed has waited for its time: whether or not its input still is there, and however many
/// are on their way.
void Shipper::repeat(Clock::time_point now) {
    for (auto &[destination, lane] : lanes_) {
        if (!lane.flight || lane.flight->sent || now < lane.not_before)
            continue;
        if (lane.flight->parts.empty())
            finish(destination, lane, now);
        else
            send(destination, *lane.flight);
    }
}

/// False: there was nothing to send.
bool Shipper::begin(Source &source, Lane &lane, Clock::time_point now) {
    std::unique_ptr<Flight> flight;
    if (spare_.empty()) {
        flight = std::make_unique<Flight>();
    } else {
        flight = std::move(spare_.back());
        spare_.pop_back();
    }
    auto limits = parts_.sink.limits();
    limits.events = std::min(limits.events, source.stream->batch_count);
    limits.bytes = std::min(limits.bytes, source.stream->batch_bytes);
    flight->batch.begin(limits, parts_.sink.now());
    auto &batch = flight->batch;
    const auto filled =
        source.input->fill([&batch](const Event &event) { return batch.add(event); }, false);
    if (!filled) {
        parts_.complaints.add(Severity::error, "input " + source.input->name(),
                              filled.error().text());
        last_failure_ = filled.error().text();
        note_status(*source.stream, last_failure_);
        complained_ = true;
        source.failing_since = std::min(source.failing_since, now);
        source.not_before = now + denied_again_once;
        source.more = false;
        return false;
    }
    source.failing_since = Clock::time_point::max();
    auto &status = status_[source.stream->section];
    status.replaced += filled->replaced;
    status.split += filled->split;
    if (filled->replaced > 0)
        parts_.complaints.add(Severity::warning, "encoding " + source.input->name(),
                              escape_path(source.input->name()) + ": " +
                                  std::to_string(filled->replaced) +
                                  " invalid sequences were replaced by U+FFFD");
    flight->input = source.input;
    flight->stream = source.stream;
    flight->source = source.input->name();
    flight->more = filled->refused || filled->again;
    source.more = false;
    source.not_before = flight->more ? now : now + look_again;
    batch.sort();
    flight->parts.clear();
    if (!batch.items().empty())
        flight->parts.emplace_back(0, batch.items().size());
    flight->sent = false;
    lane.flight = std::move(flight);
    ++in_flight_;
    launched_ = true;
    if (batch.items().empty()) { // blank lines, or rejects only
        finish(source.stream->destination, lane, now);
        return false;
    }
    source.not_before = now;
    return true;
}

void Shipper::send(const Destination &destination, Flight &flight) {
    flight.sent = true;
    const auto [first, count] = flight.parts.back();
    parts_.sink.deliver({&destination, &flight.source, &flight.batch, first, count},
                        [this, destination](Delivery delivery) {
                            // Judged later: a sink may answer while it is asked.
                            done_.emplace_back(destination, std::move(delivery));
                        });
}

void Shipper::take_done(Clock::time_point now) {
    while (!done_.empty()) {
        auto [destination, delivery] = std::move(done_.front());
        done_.pop_front();
        auto &lane = lanes_[destination];
        if (lane.flight)
            take(destination, lane, std::move(delivery), now);
    }
}

void Shipper::take(const Destination &destination, Lane &lane, Delivery delivery,
                   Clock::time_point now) {
    auto &flight = *lane.flight;
    flight.sent = false;
    const auto count = flight.parts.back().second;
    const bool refused = delivery.outcome == Outcome::invalid;
    if (refused && count == 1) {
        // It is this one that nobody wants.
        delivery.rejected.emplace_back(0, delivery.why);
        delivery.outcome = Outcome::accepted;
    }
    const bool pauses = refused && pauses_after_refusal(lane, delivery.why, now);
    if (delivery.outcome == Outcome::invalid) {
        split(flight, delivery);
    } else if (delivery.outcome == Outcome::accepted) {
        accept(flight, delivery);
        if (!delivery.note.empty())
            parts_.complaints.add(Severity::warning, "note " + destination.group,
                                  escape_path(destination.group) + ": " + delivery.note);
        if (!refused) {
            lane.splitting.succeeded();
            lane.refusals = 0;
            succeed(destination, lane, now);
        }
        if (flight.parts.empty())
            return finish(destination, lane, now);
    } else {
        return fail(destination, lane, delivery, now);
    }
    if (!pauses) // else repeat() goes on
        send(lanes_.find(destination)->first, flight);
}

/// One bad event is looked for at full speed. Who refuses everything is asked now and then only,
/// and that is no progress.
bool Shipper::pauses_after_refusal(Lane &lane, const std::string &why, Clock::time_point now) {
    if (++lane.refusals <= free_refusals)
        return false;
    last_failure_ = why;
    note_status(*lane.flight->stream, why);
    lane.failing_since = std::min(lane.failing_since, now);
    lane.not_before = now + lane.splitting.failed();
    return true;
}

void Shipper::succeed(const Destination &destination, Lane &lane, Clock::time_point now) {
    lane.backoff.succeeded();
    lane.failing_since = Clock::time_point::max();
    if (parts_.complaints.over("deliver " + destination.group + " " + destination.stream))
        parts_.complaints.messages().info("delivery to " + escape_path(destination.group) + " " +
                                          escape_path(destination.stream) + " works again");
    last_progress_ = now;
}

void Shipper::accept(Flight &flight, const Delivery &delivery) {
    const auto [first, count] = flight.parts.back();
    flight.parts.pop_back();
    delivered_ += count - delivery.rejected.size();
    status_[flight.stream->section].events += count - delivery.rejected.size();
    for (const auto &[index, why] : delivery.rejected) {
        const auto &item = flight.batch.items()[first + index];
        flight.batch.rejects().push_back(
            {item.time, item.offset, std::string(flight.batch.message(item)), why});
    }
}

/// In halves, until the one that is not wanted is alone.
void Shipper::split(Flight &flight, const Delivery &delivery) {
    const auto [first, count] = flight.parts.back();
    parts_.complaints.add(Severity::warning, "split " + flight.source,
                          "a batch of " + escape_path(flight.source) + " was refused (" +
                              delivery.why + "): sending it in parts");
    flight.parts.pop_back();
    const auto half = count / 2;
    flight.parts.emplace_back(first + half, count - half);
    flight.parts.emplace_back(first, half);
}

void Shipper::fail(const Destination &destination, Lane &lane, const Delivery &delivery,
                   Clock::time_point now) {
    lane.denied = delivery.outcome == Outcome::denied;
    closed_ = closed_ || delivery.outcome == Outcome::closed;
    lane.failing_since = std::min(lane.failing_since, now);
    auto wait = lane.backoff.failed(delivery.retry_after);
    if (lane.denied)
        wait = std::max(delivery.retry_after, options_.once ? denied_again_once : denied_again);
    lane.not_before = now + wait;
    last_failure_ = delivery.why;
    const auto kind = "deliver " + destination.group + " " + destination.stream;
    // Who gives up in the end says it then.
    const bool severe = lane.denied && !options_.once;
    if (delivery.outcome != Outcome::closed)
        parts_.complaints.add(severe ? Severity::error : Severity::warning, kind,
                              escape_path(destination.group) + " " +
                                  escape_path(destination.stream) + ": " + delivery.why +
                                  "; trying again");
    note_status(*lane.flight->stream, delivery.why);
}

Result<void> Shipper::keep_rejects(const Destination &destination, Flight &flight) {
    auto &rejects = flight.batch.rejects();
    if (rejects.empty())
        return {};
    if (auto kept = parts_.rejects.add(destination, flight.source, rejects); !kept)
        return kept;
    rejected_ += rejects.size();
    status_[flight.stream->section].rejected += rejects.size();
    parts_.complaints.add(Severity::warning, "reject " + flight.source,
                          escape_path(flight.source) + ": " + std::to_string(rejects.size()) +
                              " events were rejected (" + rejects.front().why + ")" +
                              (parts_.rejects.keeps() ? ", kept in rejected.jsonl" : ""));
    return {};
}

/// All of a batch is delivered, or kept as rejected. Where those cannot be kept (a full disk), the
/// batch stays as it is, nothing left to send, and its input where it was.
void Shipper::finish(const Destination &destination, Lane &lane, Clock::time_point now) {
    if (auto kept = keep_rejects(destination, *lane.flight); !kept)
        return fail(destination, lane, {Outcome::again, kept.error().text()}, now);
    if (lane.failing_since != Clock::time_point::max())
        succeed(destination, lane, now);
    auto flight = std::move(lane.flight);
    --in_flight_;
    auto &status = status_[flight->stream->section];
    status.last_success = std::time(nullptr);
    status.changed = true;
    if (flight->input != nullptr) {
        flight->input->delivered();
        if (const auto key = flight->input->key(); !key.empty())
            changes_[options_.record_prefix + key] = flight->input->record();
        const auto source = sources_.find(flight->input);
        if (source != sources_.end()) {
            source->second.enough =
                options_.once && source->second.feeder->has_enough(*flight->input);
            source->second.more = flight->more;
            if (flight->more)
                source->second.not_before = now;
        }
    }
    flight->input = nullptr;
    if (spare_.size() < most_spare)
        spare_.push_back(std::move(flight));
}

void Shipper::note_status(const Stream &stream, const std::string &error) {
    auto &status = status_[stream.section];
    status.last_error = std::time(nullptr);
    status.error = error;
    status.changed = true;
}

} // namespace hostav
