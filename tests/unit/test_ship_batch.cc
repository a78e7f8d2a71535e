// SPDX-License-Identifier: GPL-2.0-only
//
// Batches keep every limit of PutLogEvents, and bodies are JSON whatever the lines are.
#include "base/backoff.h"
#include "base/json.h"
#include "base/json_text.h"
#include "ship/batch.h"
#include "ship/cloudwatch_sink.h"
#include "tests/support/catch.h"

#include <random>
#include <set>

using namespace hostav;
using namespace std::string_literals;

namespace {

constexpr EventTime now = 1767323045000;

Batch batch_at(EventTime time, const BatchLimits &limits = {}) {
    Batch batch;
    batch.begin(limits, time);
    return batch;
}

std::string body_of(const Batch &batch) {
    const Destination to{"group", "stream"};
    const std::string source = "/var/log/x";
    return put_log_events_body({&to, &source, &batch, 0, batch.items().size()});
}

AwsReply reply_of(AwsErrorKind kind, const std::string &code = "", const std::string &body = "{}") {
    AwsReply reply;
    reply.error = kind;
    reply.code = code;
    reply.body = body;
    reply.message = "why";
    return reply;
}

} // namespace

TEST_CASE("a batch is full by bytes, with 26 for each event") {
    auto batch = batch_at(now);
    const std::string message(1000 - 26, 'x');
    std::size_t count = 0;
    while (batch.add({now, message, count}))
        ++count;
    CHECK(count == 1048);
    CHECK(batch.bytes() == 1'048'000);
    CHECK(batch.add({now, std::string(576 - 26, 'y'), 0})); // to the byte
    CHECK(batch.bytes() == 1'048'576);
    CHECK_FALSE(batch.add({now, "", 0}));
}

TEST_CASE("a batch is full by count") {
    auto batch = batch_at(now);
    for (int i = 0; i < 10'000; ++i)
        REQUIRE(batch.add({now, "x", 0}));
    CHECK_FALSE(batch.add({now, "x", 0}));
}

TEST_CASE("a batch spans less than 24 hours, forwards and backwards") {
    auto batch = batch_at(now);
    CHECK(batch.add({now, "a", 0}));
    CHECK_FALSE(batch.add({now - 24 * hour_ms, "b", 0}));
    CHECK(batch.add({now - 24 * hour_ms + 1, "b", 0}));
    CHECK_FALSE(batch.add({now + 1, "c", 0}));
    CHECK(batch.add({now - hour_ms, "d", 0}));
}

TEST_CASE("what no service takes is rejected, with a reason") {
    auto batch = batch_at(now);
    CHECK(batch.add({now - 14 * 24 * hour_ms - 1, "old", 7}));
    CHECK(batch.add({now + 2 * hour_ms + 1, "new", 8}));
    CHECK(batch.items().empty());
    CHECK_FALSE(batch.empty());
    REQUIRE(batch.rejects().size() == 2);
    CHECK(batch.rejects()[0].message == "old");
    CHECK(batch.rejects()[0].offset == 7);
    CHECK(batch.rejects()[0].why.starts_with("older than"));
    CHECK(batch.rejects()[1].why.starts_with("more than 2 hours"));
    CHECK(batch.add({now - 14 * 24 * hour_ms, "just", 0}));
    CHECK(batch.items().size() == 1);
    // A log of years does not fit into memory.
    const std::string large(100'000, 'x');
    int taken = 0;
    while (batch.add({0, large, 0}) && taken < 100)
        ++taken;
    CHECK(taken < 12);
}

TEST_CASE("events of one time stay in their order") {
    auto batch = batch_at(now);
    for (const auto &[time, text] : {std::pair(3, "a"), std::pair(1, "b"), std::pair(3, "c"),
                                     std::pair(1, "d"), std::pair(2, "e")})
        REQUIRE(batch.add({now + time, text, 0}));
    batch.sort();
    std::string order;
    for (const auto &item : batch.items())
        order += batch.message(item);
    CHECK(order == "bdeac");
}

TEST_CASE("a body is what the lines were") {
    auto batch = batch_at(now);
    const auto nasty = "quote\" back\\ tab\t nul\0 bell\a \u2028 \xC3\xA9 \x7F"s;
    REQUIRE(batch.add({now, nasty, 0}));
    REQUIRE(batch.add({now + 1, "second", 0}));
    const auto fields = parse_json_fields(body_of(batch), "body");
    REQUIRE(fields);
    CHECK(fields->at("logGroupName") == "group");
    CHECK(fields->at("logStreamName") == "stream");
    CHECK(fields->at("logEvents.0.message") == nasty);
    CHECK(fields->at("logEvents.0.timestamp") == "1767323045000");
    CHECK(fields->at("logEvents.1.message") == "second");
}

TEST_CASE("JSON texts of any bytes of ASCII are read back") {
    std::mt19937 random(7); // NOLINT(cert-msc51-cpp)
    for (int round = 0; round < 500; ++round) {
        std::string text(random() % 70, '\0');
        for (char &c : text)
            c = static_cast<char>(random() % 4 == 0 ? random() % 128 : 'a' + random() % 26);
        std::string json = "{\"t\":";
        append_json_text(json, text);
        const auto read = parse_flat_json(json + "}", "");
        REQUIRE(read);
        CHECK(read->at("t") == text);
    }
}

TEST_CASE("what an answer to PutLogEvents means") {
    CHECK(read_put_log_events(reply_of(AwsErrorKind::none), 3).outcome == Outcome::accepted);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::throttled), 3).outcome == Outcome::again);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::unavailable), 3).outcome == Outcome::again);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::conflict), 3).outcome == Outcome::again);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::not_found), 3).outcome == Outcome::again);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::denied), 3).outcome == Outcome::denied);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::credentials), 3).outcome == Outcome::denied);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::invalid, "InvalidParameterException"), 3)
              .outcome == Outcome::invalid);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::invalid, "DataAlreadyAcceptedException"), 3)
              .outcome == Outcome::accepted);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::invalid, "InvalidSequenceTokenException"), 3)
              .outcome == Outcome::again);
}

TEST_CASE("rejected events are told by their place") {
    const auto rejected = read_put_log_events(
        reply_of(AwsErrorKind::none, "",
                 R"({"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":2,)"
                 R"("expiredLogEventEndIndex":1,"tooNewLogEventStartIndex":4}})"),
        6);
    CHECK(rejected.outcome == Outcome::accepted);
    REQUIRE(rejected.rejected.size() == 4);
    CHECK(rejected.rejected[0].second.find("retention") != std::string::npos);
    CHECK(rejected.rejected[1].first == 1);
    CHECK(rejected.rejected[2].first == 4);
    CHECK(rejected.rejected[3].first == 5);
    CHECK(read_put_log_events(reply_of(AwsErrorKind::none, "", "not json"), 6).rejected.empty());
}

TEST_CASE("waits grow, with jitter, and heed what the server asks for") {
    Backoff backoff(Backoff::Time(200), Backoff::Time(60000));
    std::set<Backoff::Time::rep> seen;
    for (unsigned failures = 0; failures < 40; ++failures) {
        const auto wait = backoff.failed();
        CHECK(wait.count() >= 0);
        CHECK(wait.count() <= std::min<long>(60000, 200L << std::min(failures, 20U)));
        seen.insert(wait.count());
    }
    CHECK(seen.size() > 10);
    CHECK(backoff.failed(Backoff::Time(90000)) == Backoff::Time(90000));
    backoff.succeeded();
    CHECK(backoff.failed().count() <= 200);
}

TEST_CASE("rejects of short lines are bounded as events are") {
    BatchLimits limits;
    limits.events = 100;
    Batch batch;
    batch.begin(limits, wall_clock());
    int taken = 0;
    while (taken < 1000 && batch.add({0, "x", 0}))
        ++taken;
    CHECK(taken == 100);
}
