// SPDX-License-Identifier: GPL-2.0-only
//
// What the sinks that are not AWS's say, and what they make of answers: OpenTelemetry, syslog,
// stdout.
#include "base/fd.h"
#include "base/json.h"
#include "net/otlp.h"
#include "ship/otlp_sink.h"
#include "ship/stdout_sink.h"
#include "ship/syslog_sink.h"
#include "tests/support/catch.h"

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace hostav;

namespace {

/// A sorted batch of messages, one a millisecond, and everything around it.
struct Events {
    Batch batch;
    Destination destination{"group \"1\"", "stream]"};
    std::string source = "/var/log/a\xFF\"b";
    explicit Events(const std::vector<std::string> &messages, EventTime from = 1'700'000'000'123) {
        batch.begin({}, from);
        for (std::size_t i = 0; i < messages.size(); ++i)
            batch.add({from + static_cast<EventTime>(i), messages[i], i});
    }
    [[nodiscard]] Parcel parcel() const {
        return {&destination, &source, &batch, 0, batch.items().size()};
    }
};

HttpResponse response(long status, std::string body = "", const std::string &after = "") {
    HttpResponse made;
    made.status = status;
    made.body = std::move(body);
    if (!after.empty())
        made.headers["retry-after"] = after;
    return made;
}

std::string frame(const Events &events, const SyslogOptions &options = {}) {
    std::string text;
    append_syslog_frame(text, events.parcel(), events.batch.items().front(), options);
    return text;
}

/// Both ends of a pipe that holds one page.
struct Pipe {
    Fd read, write;
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read.reset(ends[0]);
        write.reset(ends[1]);
        REQUIRE(::fcntl(write.get(), F_SETPIPE_SZ, 4096) >= 4096);
    }
    [[nodiscard]] std::string take() const {
        std::string bytes(1 << 16, '\0');
        const auto got = ::read(read.get(), bytes.data(), bytes.size());
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return bytes;
    }
};

} // namespace

TEST_CASE("OTLP's body is the JSON of an ExportLogsServiceRequest") {
    const Events events({"first \"line\"", "second\tline"});
    const auto body = otlp_body(events.parcel(), {"", {}, true, "host", "1.0"}, 1'700'000'001'000);
    const auto fields = parse_json_fields(body, "body");
    REQUIRE(fields);
    const std::string records = "resourceLogs.0.scopeLogs.0.logRecords.";
    CHECK(text_field(*fields, records + "0.timeUnixNano") == "1700000000123000000");
    CHECK(text_field(*fields, records + "0.observedTimeUnixNano") == "1700000001000000000");
    CHECK(text_field(*fields, records + "0.body.stringValue") == "first \"line\"");
    CHECK(text_field(*fields, records + "1.body.stringValue") == "second\tline");
    CHECK(text_field(*fields, records + "1.attributes.0.value.stringValue") ==
          "/var/log/a\xEF\xBF\xBD\"b");
    CHECK(text_field(*fields, "resourceLogs.0.resource.attributes.0.key") == "service.name");
    CHECK(text_field(*fields, "resourceLogs.0.resource.attributes.1.value.stringValue") == "host");
}

TEST_CASE("a time before 1970 is nothing that OTLP can say") {
    const Events events({"old"}, -5);
    const auto body = otlp_body(events.parcel(), {"", {}, true, "host", "1.0"}, 0);
    CHECK(body.find(R"("timeUnixNano":"0")") != std::string::npos);
}

TEST_CASE("what a collector's answers mean") {
    const std::map<long, Outcome> table{
        {200, Outcome::accepted}, {202, Outcome::accepted}, {301, Outcome::denied},
        {400, Outcome::invalid},  {401, Outcome::denied},   {403, Outcome::denied},
        {404, Outcome::denied},   {405, Outcome::denied},   {408, Outcome::again},
        {413, Outcome::invalid},  {415, Outcome::denied},   {422, Outcome::invalid},
        {429, Outcome::again},    {500, Outcome::again},    {501, Outcome::denied},
        {502, Outcome::again},    {503, Outcome::again},    {504, Outcome::again},
        {507, Outcome::again}};
    for (const auto &[status, outcome] : table) {
        CAPTURE(status);
        CHECK(read_otlp_reply(response(status), 3).outcome == outcome);
    }
    HttpResponse none;
    none.why = "connection reset";
    none.sent = true;
    CHECK(read_otlp_reply(none, 3).outcome == Outcome::again);
    CHECK(read_otlp_reply(none, 3).ambiguous);
    CHECK(read_otlp_reply(response(503, "", "7"), 3).retry_after == std::chrono::seconds(7));
    CHECK(read_otlp_reply(response(503, "", "99999999999"), 3).retry_after ==
          std::chrono::seconds(600));
    CHECK(read_otlp_reply(response(503, "", "soon"), 3).retry_after.count() == 0);
}

TEST_CASE("what a collector rejects of a batch is kept, its words short and harmless") {
    const auto some = read_otlp_reply(
        response(200, R"({"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no\u001b[2J)" +
                          std::string(100'000, 'x') + R"("}})"),
        3);
    CHECK(some.outcome == Outcome::accepted);
    REQUIRE(some.rejected.size() == 3);
    CHECK(some.rejected[2].first == 2);
    CHECK(some.rejected[0].second.starts_with("the collector rejected 2 of 3 records"));
    CHECK(some.rejected[0].second.find('\x1B') == std::string::npos);
    CHECK(some.rejected[0].second.size() < 500);
    const auto warned =
        read_otlp_reply(response(200, R"({"partialSuccess":{"errorMessage":"slow down"}})"), 3);
    CHECK(warned.rejected.empty());
    CHECK(warned.note == "slow down");
    for (const char *body : {"", "{}", "[1,2", "\"x\"", "{\"partialSuccess\":7}",
                             R"({"partialSuccess":{"rejectedLogRecords":-1}})"}) {
        CAPTURE(body);
        CHECK(read_otlp_reply(response(200, body), 3).rejected.empty());
    }
    const auto bad = read_otlp_reply(response(400, R"({"message":"bad\u0007\nand so on"})"), 3);
    CHECK(bad.why == "HTTP status 400: bad\\a …");
}

TEST_CASE("headers of OTEL_EXPORTER_OTLP_HEADERS") {
    using Headers = std::vector<std::string>;
    CHECK(otlp_headers("").empty());
    CHECK(otlp_headers("a=b") == Headers{"a: b"});
    CHECK(otlp_headers(" a = b , authorization=Basic%20eA%3D%3D") ==
          Headers{"a: b", "authorization: Basic eA=="});
    CHECK(otlp_headers("a=100%") == Headers{"a: 100%"});
    CHECK(otlp_headers("a=%zz%4") == Headers{"a: %zz%4"});
    CHECK(otlp_headers("a,=b,,c=d=e") == Headers{"c: d=e"});
    // Nothing that would begin another header, or make every request fail.
    CHECK(otlp_headers("a=b%0D%0Ac:d%00") == Headers{"a: bc:d"});
    CHECK(otlp_headers("a\nx=b,c=d") == Headers{"c: d"});
}

TEST_CASE("addresses of syslog receivers") {
    const auto text = [](const std::string &address) {
        const auto read = parse_syslog_address(address);
        return read ? read->host + " " + std::to_string(read->port) : "error";
    };
    CHECK(text("host") == "host 6514");
    CHECK(text("host:601") == "host 601");
    CHECK(text("192.0.2.1:601") == "192.0.2.1 601");
    CHECK(text("[::1]") == "::1 6514");
    CHECK(text("[2001:db8::1]:601") == "2001:db8::1 601");
    for (const char *bad : {"", ":601", "host:", "host:0", "host:65536", "host:x", "::1", "[::1",
                            "[]:601", "[::1]601", "[::1]:", "host:-1", "host: 1"}) {
        CAPTURE(bad);
        CHECK(text(bad) == "error");
    }
}

TEST_CASE("a syslog message is RFC 5424's, counted") {
    SyslogOptions options;
    options.host_name = "my host";
    options.version = "1.0";
    const std::string message =
        "<29>1 2023-11-14T22:13:20.123Z my_host group_\"1\" - - [origin software=\"logship\" "
        "swVersion=\"1.0\"][logship@32473 group=\"group \\\"1\\\"\" stream=\"stream\\]\" "
        "source=\"/var/log/a\xEF\xBF\xBD\\\"b\"] \xEF\xBB\xBFtext\nof two lines";
    CHECK(frame(Events({"text\nof two lines"}), options) ==
          std::to_string(message.size()) + " " + message);
}

TEST_CASE("what a syslog header has no room for is cut, what is empty is a dash") {
    Events events({"x"}, -5);
    events.destination.group = std::string(100, 'g');
    CHECK(frame(events).find("<29>1 1969-12-31T23:59:59.995Z - " + std::string(48, 'g') + " - -") !=
          std::string::npos);
}

TEST_CASE("stdout that nobody reads keeps a batch waiting, not us") {
    const Pipe pipe;
    StdoutSink sink(pipe.write.get());
    SECTION("a blocking pipe") {}
    SECTION("one that says EAGAIN") {
        REQUIRE(::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK) == 0);
    }
    const Events events({std::string(5000, 'a'), std::string(5000, 'b')});
    std::vector<Outcome> outcomes;
    sink.deliver(events.parcel(),
                 [&](const Delivery &delivery) { outcomes.push_back(delivery.outcome); });
    CHECK(outcomes.empty());
    std::vector<pollfd> fds;
    sink.add_descriptors(fds);
    REQUIRE(fds.size() == 1);
    std::string got;
    for (int i = 0; i < 100 && outcomes.empty(); ++i) {
        got += pipe.take();
        sink.work();
    }
    CHECK(outcomes == std::vector{Outcome::accepted});
    got += pipe.take();
    CHECK(std::ranges::count(got, '\n') == 2);
    CHECK(got.ends_with("bbb\"}\n"));
    CHECK(std::ranges::count(got, 'a') > 5000); // once, and in the names of fields
    CHECK(std::ranges::count(got, 'a') < 5100);
    fds.clear();
    sink.add_descriptors(fds);
    CHECK(fds.empty());
}

TEST_CASE("stdout whose reader has gone takes nothing any more") {
    Pipe pipe;
    pipe.read.reset();
    const auto handler = ::signal(SIGPIPE, SIG_IGN);
    StdoutSink sink(pipe.write.get());
    const Events events({"x"});
    Outcome outcome = Outcome::accepted;
    sink.deliver(events.parcel(), [&](const Delivery &delivery) { outcome = delivery.outcome; });
    ::signal(SIGPIPE, handler);
    CHECK(outcome == Outcome::closed);
}
