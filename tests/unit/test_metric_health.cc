// SPDX-License-Identifier: GPL-2.0-only
//
// What health is made of: a report of a scan, a daemon's answer on a real socket, logship's status.
// Real tools say all that in tests/root/metric-push-health.sh.
#include "metric/health.h"
#include "metric/otlp_metrics.h"
#include "metric/prometheus_metrics.h"
#include "metric/statsd_metrics.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace hostav;

namespace {

constexpr std::int64_t now = 1'800'000'000;
using Values = std::map<std::string, double>;

Values values(const Health &health) {
    Values values;
    for (const auto &datum : health.data) {
        CHECK(datum.metric.gauge);
        CHECK(datum.time == now);
        CHECK(datum.metric.dimensions == Dimensions{{"Host", "h"}});
        values[datum.metric.name] = datum.values.begin()->first;
    }
    return values;
}

/// A daemon on a socket of the test's that gives each client the next of some answers.
class Daemon {
  public:
    Daemon(const std::string &path, std::vector<std::string> answers)
        : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        tree::must(path.size() < sizeof(address.sun_path), path);
        std::strcpy(address.sun_path, path.c_str());
        tree::must(::bind(socket_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) == 0 &&
                       ::listen(socket_, 8) == 0,
                   path);
        thread_ = std::thread([this, answers = std::move(answers)] {
            for (const auto &answer : answers) {
                const int client = ::accept(socket_, nullptr, nullptr);
                std::array<char, 64> command{};
                if (::recv(client, command.data(), command.size(), 0) > 0)
                    static_cast<void>(
                        ::send(client, answer.data(), answer.size() + 1, MSG_NOSIGNAL));
                ::close(client);
            }
        });
    }
    ~Daemon() {
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
    }
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;

  private:
    int socket_;
    std::thread thread_;
};

class Host {
  public:
    Host() {
        tree::directory(scratch / "db");
        sources.database_directory = scratch / "db";
    }
    Health look() { return look_at_health(sources, {{"Host", "h"}}, now); }
    [[nodiscard]] ClamdAddress socket() const { return {scratch / "s", "", ""}; }

    tree::Scratch scratch;
    HealthSources sources;
};

} // namespace

TEST_CASE("health: nothing is known of a host without anything", "[metric]") {
    Host host;
    host.sources.scan_report = host.scratch / "none";
    const auto health = host.look();
    CHECK(health.data.empty());
    REQUIRE(health.unknown.size() == 2);
    CHECK(health.unknown[0] ==
          "SignatureAge unknown: " + host.scratch / "db" + ": no signatures are installed");
    CHECK(health.unknown[1] ==
          "LastScanAge unknown: " + host.scratch / "none" + ": No such file or directory");
}

TEST_CASE("health: the last scan as it reports it", "[metric]") {
    Host host;
    const auto report = host.scratch / "r";
    host.sources.scan_report = report;
    tree::file(report, R"({"start":1799990000,"end":1799996400,"paths":["/"],"infected":2,)"
                       R"("partial":3,"errors":4,"status":1})");
    CHECK(values(host.look()) == Values{{"LastScanAge", 3600},
                                        {"ScanInfected", 2},
                                        {"ScanNotFullyScanned", 3},
                                        {"ScanErrors", 4}});
    // A clock that was set back.
    ::unlink(report.c_str());
    tree::file(report, R"({"end":1900000000})");
    CHECK(values(host.look()) == Values{{"LastScanAge", 0}});
    for (const char *bad : {"", "{}", "[1]", R"({"end":"soon"})", R"({"end":-1})", "{\"end\":1"}) {
        CAPTURE(bad);
        ::unlink(report.c_str());
        tree::file(report, bad);
        const auto health = host.look();
        CHECK(health.data.empty());
        CHECK(std::ranges::count_if(health.unknown, [](const auto &line) {
                  return line.starts_with("LastScanAge unknown: ");
              }) == 1);
    }
}

TEST_CASE("health: counts are what came since the last time", "[metric]") {
    Host host;
    host.sources.daemon = host.socket();
    const auto status = [](const char *pid, int events, int denied) {
        return R"({"state":"protecting","pid":)" + std::string(pid) +
               R"(,"signature_age":7200,"count_events":)" + std::to_string(events) +
               R"(,"count_denied":)" + std::to_string(denied) +
               R"(,"latency_p99":250,"missing":[]})";
    };
    const Daemon daemon(host.socket().socket, {status("7", 100, 1), status("7", 150, 1),
                                               status("8", 30, 2), status("8", 10, 0)});
    const auto look = [&] {
        auto health = host.look();
        host.sources.counts_before = health.counts;
        return values(health);
    };
    // What came before it was first asked belongs to no period.
    CHECK(look() == Values{{"EngineUp", 1}, {"OpenLatencyP99", 250}});
    CHECK(look() ==
          Values{{"EngineUp", 1}, {"OpenLatencyP99", 250}, {"OpensAsked", 50}, {"OpensDenied", 0}});
    CHECK(look() ==
          Values{{"EngineUp", 1}, {"OpenLatencyP99", 250}, {"OpensAsked", 30}, {"OpensDenied", 2}});
    CHECK(look() ==
          Values{{"EngineUp", 1}, {"OpenLatencyP99", 250}, {"OpensAsked", 10}, {"OpensDenied", 0}});
}

TEST_CASE("health: whether the engine is up", "[metric]") {
    Host host;
    host.sources.daemon = host.socket();
    CHECK(values(host.look()) == Values{{"EngineUp", 0}});
    {
        const Daemon daemon(host.socket().socket,
                            {R"({"state":"no engine"})", "UNKNOWN COMMAND", "PONG", "[", "?"});
        CHECK(values(host.look()) == Values{{"EngineUp", 0}});
        CHECK(values(host.look()) == Values{{"EngineUp", 1}}); // Debian's clamd
        CHECK(values(host.look()) == Values{{"EngineUp", 0}});
    }
    // Signatures that are installed, but not loaded, protect nobody.
    tree::file(host.scratch / "db/a.ndb", "A:0:*:00\n");
    ::unlink(host.socket().socket.c_str());
    const Daemon daemon(host.socket().socket,
                        {R"({"state":"serving","signature_age":4000000000})"});
    CHECK(values(host.look()).at("SignatureAge") == 4000000000);
}

TEST_CASE("health: what logship has not delivered", "[metric]") {
    Host host;
    host.sources.ship_status = R"({"stream":"a","last_success":1}
{"stream":"a","file":"/l","behind_bytes":10,"behind_seconds":5}
{"stream":"a","file":"/m","behind_bytes":7,"behind_seconds":9}
)";
    CHECK(values(host.look()) == Values{{"LogBacklog", 17}, {"LogBacklogAge", 9}});
    host.sources.ship_status = "";
    CHECK(values(host.look()) == Values{{"LogBacklog", 0}, {"LogBacklogAge", 0}});
    host.sources.ship_status = "{";
    CHECK(values(host.look()).empty());
}

TEST_CASE("health: gauges elsewhere", "[metric]") {
    std::vector<Datum> data(2);
    data[0].metric = {"EngineUp", {{"Host", "h"}}, "None", false, true};
    data[1].metric = {"LastScanAge", {{"Host", "h"}}, "Seconds", false, true};
    for (auto &datum : data) {
        datum.time = 100;
        datum.values[1] = 1;
    }
    CHECK(prometheus_text("hostav_EngineUp{Host=\"h\"} 5\n", "hostav", data, 1) ==
          "# HELP hostav_EngineUp EngineUp of hostav.\n# TYPE hostav_EngineUp gauge\n"
          "hostav_EngineUp{Host=\"h\"} 1\n"
          "# HELP hostav_LastScanAge LastScanAge of hostav.\n# TYPE hostav_LastScanAge gauge\n"
          "hostav_LastScanAge{Host=\"h\"} 1\n");
    CHECK(statsd_lines("hostav", data[0], false) ==
          std::vector<std::string>{"hostav.EngineUp:1|g|#Host:h"});
    OtlpMetricsOptions options;
    options.name_space = "hostav";
    const auto body = otlp_metrics_body(data, options);
    CHECK(
        body.find(
            R"([{"name":"EngineUp","unit":"1","gauge":{"dataPoints":[{"timeUnixNano":"100000000000")") !=
        std::string::npos);
    CHECK(body.find(R"(,{"name":"LastScanAge","unit":"s","gauge":{"dataPoints":[{)") !=
          std::string::npos);
}
