// SPDX-License-Identifier: GPL-2.0-only
//
// Requests that carry metrics: what is refused before it is sent, and that none breaks a limit.
#include "base/json.h"
#include "metric/datum.h"
#include "tests/support/catch.h"

#include <cmath>
#include <limits>

using namespace hostav;

namespace {

Datum datum(const std::string &name, std::map<double, double> values) {
    return {{name, {}, "Count", false}, 1'700'000'000, std::move(values)};
}

std::size_t occurrences(const std::string &text, const std::string &of) {
    std::size_t count = 0;
    for (auto at = text.find(of); at != std::string::npos; at = text.find(of, at + of.size()))
        ++count;
    return count;
}

} // namespace

TEST_CASE("a metric that the service would refuse is refused before") {
    CHECK(check_namespace("clamav/found"));
    CHECK_FALSE(check_namespace(""));
    CHECK_FALSE(check_namespace("  "));
    CHECK_FALSE(check_namespace("AWS/EC2"));
    CHECK_FALSE(check_namespace(":x"));
    CHECK_FALSE(check_namespace(std::string(256, 'x')));
    CHECK(check_namespace(std::string(255, 'x')));
    const auto refused = [](const Metric &metric) {
        const auto good = check_metric(metric);
        return good ? "" : good.error().text();
    };
    CHECK(refused({"VIRUSFOUND", {{"Host", "web-1"}}, "Count"}).empty());
    CHECK(refused({"VIRUSFOUND", {}, "Counts"}) == "unit Counts: is none of CloudWatch's");
    CHECK(refused({"VIRÜS", {}, "Count"}).starts_with("metric name: must be printable ASCII"));
    CHECK(refused({"V", {{":Host", "x"}}, "Count"}) == "dimension :Host: must not begin with ':'");
    CHECK(
        refused({"V", {{"Host", ""}}, "Count"}).starts_with("dimension Host: must have 1 to 1024"));
    CHECK(
        refused({"V", {{"Host", std::string(1025, 'x')}}, "Count"}).starts_with("dimension Host"));
    Metric many{"V", {}, "Count"};
    for (int i = 0; i < 31; ++i)
        many.dimensions["d" + std::to_string(i)] = "x";
    CHECK(refused(many) == "metric V: more than 30 dimensions");
    many.dimensions.erase("d0");
    CHECK(refused(many).empty());
    CHECK(is_metric_value(std::ldexp(1.0, 360)));
    CHECK_FALSE(is_metric_value(-std::ldexp(1.0, 361)));
    CHECK_FALSE(is_metric_value(std::numeric_limits<double>::quiet_NaN()));
    CHECK_FALSE(is_metric_value(std::numeric_limits<double>::infinity()));
}

TEST_CASE("one data point has a value, or values and how often they came") {
    auto counted = datum("VIRUSFOUND", {{3, 1}});
    counted.metric.dimensions["Host"] = "web-1";
    const auto one = metric_requests("clamav/found", {counted});
    REQUIRE(one.size() == 1);
    CHECK(one[0].data == 1);
    CHECK(one[0].body == R"({"Namespace":"clamav/found","MetricData":[{"MetricName":"VIRUSFOUND",)"
                         R"("Dimensions":[{"Name":"Host","Value":"web-1"}],"Timestamp":1700000000,)"
                         R"("Unit":"Count","Value":3.0}]})");
    auto sizes = datum("Size", {{1.5, 2}, {4, 1}});
    sizes.metric.high_resolution = true;
    const auto several = metric_requests("n", {sizes});
    REQUIRE(several.size() == 1);
    CHECK(several[0].body.ends_with(
        R"("StorageResolution":1,"Values":[1.5,4.0],"Counts":[2.0,1.0]}]})"));
    CHECK(metric_requests("n", {}).empty());
    CHECK(metric_requests("n", {datum("nothing", {})}).empty());
}

TEST_CASE("no request breaks a limit, and all data are in one of them") {
    std::vector<Datum> data;
    data.reserve(2500);
    for (int i = 0; i < 2500; ++i)
        data.push_back(datum("m" + std::to_string(i), {{i, 1}}));
    const auto requests = metric_requests("n", data);
    REQUIRE(requests.size() == 3);
    std::size_t total = 0;
    for (const auto &request : requests) {
        CHECK(occurrences(request.body, "MetricName") <= 1000);
        CHECK(occurrences(request.body, "MetricName") == request.data);
        total += request.data;
    }
    CHECK(total == 2500);

    std::vector<Datum> large;
    large.reserve(100);
    for (int i = 0; i < 100; ++i) {
        auto one = datum("m" + std::to_string(i), {{1, 1}});
        for (int d = 0; d < 30; ++d)
            one.metric.dimensions["d" + std::to_string(d)] = std::string(1024, 'x');
        large.push_back(std::move(one));
    }
    const auto bodies = metric_requests("n", large);
    CHECK(bodies.size() >= 3);
    total = 0;
    for (const auto &request : bodies) {
        CHECK(request.body.size() <= std::size_t{1} << 20);
        CHECK(request.body.ends_with("}]}"));
        total += request.data;
    }
    CHECK(total == 100);

    Datum many = datum("many", {});
    for (int i = 0; i < 400; ++i)
        many.values[i] = 1 + i % 3;
    const auto split = metric_requests("n", {many});
    REQUIRE(split.size() == 1);
    CHECK(split[0].data == 1);
    CHECK(occurrences(split[0].body, "MetricName") == 3); // of 150 values at most
}
