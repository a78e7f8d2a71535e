// SPDX-License-Identifier: GPL-2.0-only
#include "ship/cloudwatch_sink.h"

#include "base/gzip.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"

#include <charconv>

namespace hostav {

namespace {

constexpr std::size_t worth_compressing = 1024;

void append_number(std::string &to, EventTime number) {
    char digits[24]; // NOLINT(*-avoid-c-arrays)
    auto *const end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    to.append(std::begin(digits), end);
}

Outcome outcome_of(const AwsReply &reply) {
    // What no service sends any more, but stand-ins and old ones do: the batch is there.
    if (reply.code == "DataAlreadyAcceptedException")
        return Outcome::accepted;
    if (reply.code == "InvalidSequenceTokenException")
        return Outcome::again;
    switch (reply.error) {
    case AwsErrorKind::none:
        return Outcome::accepted;
    case AwsErrorKind::invalid:
        return Outcome::invalid;
    case AwsErrorKind::denied:
    case AwsErrorKind::credentials:
    case AwsErrorKind::other:
        return Outcome::denied;
    default:
        return Outcome::again;
    }
}

/// `rejectedLogEventsInfo`: ends are exclusive, the start is inclusive.
void read_rejected(const std::string &body, std::size_t count, Delivery &delivery) {
    const auto tree = parse_json_fields(body, "PutLogEvents");
    if (!tree)
        return;
    const auto index = [&tree](const char *name) {
        const auto found = tree->find(std::string("rejectedLogEventsInfo.") + name);
        return found == tree->end() ? std::nullopt : parse_number(found->second);
    };
    const auto expired = index("expiredLogEventEndIndex").value_or(0);
    const auto old = index("tooOldLogEventEndIndex").value_or(0);
    const auto fresh = index("tooNewLogEventStartIndex").value_or(count);
    for (std::size_t i = 0; i < count; ++i) {
        const char *why = i < expired  ? "older than the group's retention"
                          : i < old    ? "too old for the service"
                          : i >= fresh ? "too far in the future for the service"
                                       : nullptr;
        if (why != nullptr)
            delivery.rejected.emplace_back(i, why);
    }
}

} // namespace

std::string put_log_events_body(const Parcel &parcel) {
    constexpr std::size_t around = 48; // of JSON, around one message
    std::size_t size = parcel.count * around;
    for (std::size_t i = 0; i < parcel.count; ++i)
        size += parcel.batch->items()[parcel.first + i].size;
    std::string body;
    body.reserve(size + size / 16 + 1024);
    body += "{\"logGroupName\":";
    append_json_text(body, parcel.destination->group);
    body += ",\"logStreamName\":";
    append_json_text(body, parcel.destination->stream);
    body += ",\"logEvents\":[";
    for (std::size_t i = 0; i < parcel.count; ++i) {
        const auto &item = parcel.batch->items()[parcel.first + i];
        body += i == 0 ? "{\"timestamp\":" : ",{\"timestamp\":";
        append_number(body, item.time);
        body += ",\"message\":";
        append_json_text(body, parcel.batch->message(item));
        body += '}';
    }
    body += "]}";
    return body;
}

Delivery read_put_log_events(const AwsReply &reply, std::size_t count) {
    Delivery delivery;
    delivery.outcome = outcome_of(reply);
    delivery.retry_after = reply.retry_after;
    delivery.ambiguous = reply.ambiguous;
    if (delivery.outcome != Outcome::accepted)
        delivery.why = "PutLogEvents: " + reply.message;
    else if (reply.error == AwsErrorKind::none && reply.body.size() > 2)
        read_rejected(reply.body, count, delivery);
    return delivery;
}

CloudwatchSink::CloudwatchSink(AwsServiceClient &logs, CloudwatchOptions options)
    : logs_(logs), options_(std::move(options)) {}

EventTime CloudwatchSink::now() const {
    return wall_clock() + std::chrono::milliseconds(logs_.clock_offset()).count();
}

void CloudwatchSink::deliver(const Parcel &parcel, Done done) {
    put(parcel, true, "", std::move(done));
}

void CloudwatchSink::put(const Parcel &parcel, bool may_create, const std::string &note,
                         Done done) {
    auto call = logs_call("PutLogEvents", put_log_events_body(parcel));
    if (options_.gzip && call.body.size() > worth_compressing) {
        if (auto compressed = gzip(call.body)) {
            call.body = std::move(*compressed);
            call.gzipped = true;
        }
    }
    logs_.call(std::move(call),
               [this, parcel, may_create, note, done = std::move(done)](const AwsReply &reply) {
                   if (reply.error == AwsErrorKind::not_found && may_create)
                       return create(parcel, done);
                   auto delivery = read_put_log_events(reply, parcel.count);
                   delivery.note = note;
                   done(std::move(delivery));
               });
}

void CloudwatchSink::create(const Parcel &parcel, Done done) {
    const auto &to = *parcel.destination;
    const auto group = options_.group ? options_.group(to) : LogGroupOptions{};
    ensure_log_stream(logs_, to.group, to.stream, group, unfinished_,
                      [this, parcel, done = std::move(done)](const AwsReply &reply) {
                          if (reply.error == AwsErrorKind::none)
                              return put(parcel, false, reply.message, done);
                          Delivery delivery;
                          delivery.outcome = reply.error == AwsErrorKind::invalid
                                                 ? Outcome::denied // a name, a retention
                                                 : outcome_of(reply);
                          delivery.retry_after = reply.retry_after;
                          delivery.why = reply.message;
                          done(std::move(delivery));
                      });
}

} // namespace hostav
