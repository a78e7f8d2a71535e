// SPDX-License-Identifier: GPL-2.0-only
//
// What data look like on their way to each sink, and what becomes of those that do not get through.
#include "metric/cloudwatch_metrics.h"
#include "metric/json_metrics.h"
#include "metric/line_input.h"
#include "metric/otlp_metrics.h"
#include "metric/prometheus_metrics.h"
#include "metric/pusher.h"
#include "metric/statsd_metrics.h"
#include "tests/support/catch.h"

#include <array>
#include <ctime>
#include <unistd.h>

using namespace hostav;

namespace {

using Outcome = Pushed::Outcome;

Datum datum(std::map<double, double> values, Dimensions dimensions = {}) {
    return {
        {"VIRUSFOUND", std::move(dimensions), "Count", false}, 1'700'000'040, std::move(values)};
}

/// Answers as the test says; keeps what came.
class Fake : public MetricSink {
  public:
    std::function<Pushed(const std::vector<Datum> &)> answer;
    std::vector<std::size_t> sizes;
    void push(const std::vector<Datum> &data, Done done) override {
        sizes.push_back(data.size());
        done(answer(data));
    }
};

struct Said {
    std::vector<std::string> lines;
    Pusher::Say say() {
        return [this](Severity, const std::string &line) { lines.push_back(line); };
    }
};

Datum recent(double value) {
    auto one = datum({{value, 1}});
    one.time = std::time(nullptr);
    return one;
}

} // namespace

TEST_CASE("a datum as a line of JSON, of StatsD") {
    CHECK(json_metric_line("n", datum({{3, 1}}, {{"Host", "a\"b"}})) ==
          R"({"namespace":"n","metric":"VIRUSFOUND","dimensions":{"Host":"a\"b"},)"
          R"("timestamp":1700000040,"unit":"Count","value":3})");
    CHECK(json_metric_line("n", datum({{0.5, 2}, {7, 1}}))
              .ends_with(R"("values":[0.5,7],"counts":[2,1]})"));
    using Lines = std::vector<std::string>;
    CHECK(statsd_lines("a/b", datum({{3, 1}}, {{"Host:x", "a|b,c:d"}}), false) ==
          Lines{"a_b.VIRUSFOUND:3|c|#Host_x:a_b_c:d"});
    CHECK(statsd_lines("n", datum({{3, 1}, {5, 2}}), true) ==
          Lines{"n.VIRUSFOUND:3|h", "n.VIRUSFOUND:5|h|@0.5"});
    for (const auto *bad : {"", "x", "x:", ":1", "x:0", "x:65536", "x:1 "})
        CHECK_FALSE(StatsdMetrics::create(bad, "n", false));
    CHECK(StatsdMetrics::create("[::1]:8125", "n", false));
}

TEST_CASE("Prometheus' counter goes on from what the file says") {
    const auto first =
        prometheus_text("", "1 a/b", {datum({{3, 1}}, {{"a.b", "x\\"}, {"a_b", "\""}})}, 9);
    CHECK(first ==
          "# HELP _1_a_b_VIRUSFOUND_total Sum of VIRUSFOUND of 1 a/b.\n"
          "# TYPE _1_a_b_VIRUSFOUND_total counter\n"
          "_1_a_b_VIRUSFOUND_total{a_b=\"x\\\\\",a_b_=\"\\\"\"} 3\n"
          "# HELP _1_a_b_VIRUSFOUND_last_push_timestamp_seconds "
          "When VIRUSFOUND of 1 a/b was pushed last.\n"
          "# TYPE _1_a_b_VIRUSFOUND_last_push_timestamp_seconds gauge\n"
          "_1_a_b_VIRUSFOUND_last_push_timestamp_seconds{a_b=\"x\\\\\",a_b_=\"\\\"\"} 9\n");
    const auto next = prometheus_text("n_VIRUSFOUND_total 40\n", "n", {datum({{1, 2}})}, 9);
    CHECK(next.find("\nn_VIRUSFOUND_total 42\n") != std::string::npos);
    for (const auto *broken : {"n_VIRUSFOUND_total nan\n", "n_VIRUSFOUND_total 1 2\n", "\0", "n"})
        CHECK(prometheus_text(broken, "n", {datum({{1, 1}})}, 9).find("_total 1\n") !=
              std::string::npos);
}

TEST_CASE("OpenTelemetry's sum, histogram and answers") {
    OtlpMetricsOptions options;
    options.name_space = "n";
    options.host_name = "h";
    options.version = "1";
    CHECK(otlp_metrics_body({datum({{3, 1}}, {{"Host", "x"}})}, options) ==
          R"({"resourceMetrics":[{"resource":{"attributes":[)"
          R"({"key":"service.name","value":{"stringValue":"n"}},)"
          R"({"key":"host.name","value":{"stringValue":"h"}}]},)"
          R"("scopeMetrics":[{"scope":{"name":"hostav.metric-push","version":"1"},)"
          R"("metrics":[{"name":"VIRUSFOUND","unit":"1","sum":{"aggregationTemporality":1,)"
          R"("isMonotonic":false,"dataPoints":[{"startTimeUnixNano":"1700000040000000000",)"
          R"("timeUnixNano":"1700000100000000000",)"
          R"("attributes":[{"key":"Host","value":{"stringValue":"x"}}],"asDouble":3}]}}]}]}]})");
    options.distribution = true;
    CHECK(otlp_metrics_body({datum({{3, 1}, {5, 2}})}, options)
              .find(R"("attributes":[],"count":"3","sum":13,"min":3,"max":5,)"
                    R"("bucketCounts":["3"],"explicitBounds":[]}]}}]}]}]})") != std::string::npos);
    HttpResponse response;
    response.status = 200;
    response.body = R"({"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"no"}})";
    const auto some = read_otlp_metrics(response, 2);
    CHECK(some.outcome == Outcome::accepted);
    CHECK(some.why == "OTLP: the collector rejected 1 of 2 data points: no");
    response.status = 400;
    CHECK(read_otlp_metrics(response, 2).outcome == Outcome::invalid);
    response.status = 503;
    CHECK(read_otlp_metrics(response, 2).outcome == Outcome::again);
    response.status = 404;
    CHECK(read_otlp_metrics(response, 2).outcome == Outcome::denied);
}

TEST_CASE("what is refused is found, given up with its value, and the others get through") {
    Fake sink;
    Said said;
    std::size_t accepted = 0;
    sink.answer = [&accepted](const std::vector<Datum> &data) -> Pushed {
        for (const auto &one : data)
            if (one.values.begin()->first == 3)
                return {Outcome::invalid, 0, "bad", {}};
        accepted += data.size();
        return {Outcome::accepted, data.size(), "", {}};
    };
    DataInMemory queue;
    Pusher pusher(sink, queue, "M", said.say());
    std::vector<Datum> data;
    data.reserve(8);
    for (int i = 0; i < 8; ++i)
        data.push_back(recent(i));
    pusher.add(std::move(data));
    for (int i = 0; i < 50 && !pusher.idle(); ++i)
        pusher.work(Pusher::Clock::now());
    CHECK(pusher.idle());
    CHECK(accepted == 7);
    CHECK(pusher.pushed() == 7);
    CHECK(pusher.given_up() == 1);
    REQUIRE(said.lines.size() == 1);
    CHECK(said.lines[0].starts_with("M 3 at "));
    CHECK(said.lines[0].ends_with("Z not pushed: bad"));
}

TEST_CASE("what waits is bounded, what is too old is not sent, and denial ends it") {
    Fake sink;
    Said said;
    sink.answer = [](const std::vector<Datum> &) -> Pushed {
        return {Outcome::denied, 0, "no", {}};
    };
    DataInMemory queue;
    Pusher pusher(sink, queue, "M", said.say());
    pusher.add(std::vector<Datum>(10'500, recent(1)));
    CHECK(pusher.given_up() == 500);
    pusher.work(Pusher::Clock::now());
    CHECK(sink.sizes == std::vector<std::size_t>{1000});
    CHECK(pusher.next_work() > Pusher::Clock::now() + std::chrono::seconds(50));
    pusher.work(Pusher::Clock::now());
    CHECK(sink.sizes.size() == 1);
    pusher.finish();
    pusher.work(Pusher::Clock::now());
    CHECK(pusher.hopeless());
    pusher.give_up();
    CHECK(pusher.idle());
    CHECK(pusher.given_up() == 10'500);
    CHECK(said.lines.back().find("M 10000 in 10000 data since ") == 0);
    Pusher old(sink, queue, "M", said.say());
    old.add({datum({{1, 1}})}); // of 2023
    old.work(Pusher::Clock::now());
    CHECK(said.lines.back() == "M 1 at 2023-11-14T22:14:00Z not pushed: too old by now");
}

TEST_CASE("an answer of PutMetricData as an outcome") {
    AwsReply reply;
    CHECK(read_put_metric_data(reply, 3).data == 3);
    reply.error = AwsErrorKind::throttled;
    reply.message = "slow down";
    CHECK(read_put_metric_data(reply, 3).outcome == Outcome::again);
    CHECK(read_put_metric_data(reply, 3).why == "PutMetricData: slow down");
    reply.error = AwsErrorKind::credentials;
    CHECK(read_put_metric_data(reply, 3).outcome == Outcome::denied);
    reply.error = AwsErrorKind::invalid;
    CHECK(read_put_metric_data(reply, 3).outcome == Outcome::invalid);
}

TEST_CASE("lines come whole, a half one at the end, a giant in pieces") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const Fd from(ends[0]);
    Fd to(ends[1]);
    const auto write = [&to](std::string_view text) {
        REQUIRE(::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    };
    LineInput input(from.get());
    write("a\nb");
    auto read = input.read();
    CHECK(read->bytes == "a\nb");
    CHECK(read->lines == "a\n");
    write("c\nd");
    read = input.read();
    CHECK(read->bytes == "c\nd");
    CHECK(read->lines == "bc\n");
    std::size_t most = 0;
    std::size_t total = 1; // the d
    for (int i = 0; i < 64; ++i) {
        write(std::string(32768, 'x'));
        read = input.read();
        most = std::max(most, read->lines.size());
        total += 32768 - read->lines.size();
    }
    CHECK(most >= longest_line);
    CHECK(most < longest_line + 32768);
    write("y");
    read = input.read();
    to.reset();
    read = input.read();
    CHECK(read->ended);
    CHECK(read->lines.size() == total + 1);
    CHECK(read->lines.ends_with("y"));
}
