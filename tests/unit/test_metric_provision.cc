// SPDX-License-Identifier: GPL-2.0-only
//
// What options make of filters and alarms, what differs, what is refused, policies.
#include "metric/alarm_options.h"
#include "metric/alarm_settings.h"
#include "metric/filter_options.h"
#include "metric/iam_policy.h"
#include "metric/provision_names.h"
#include "metric/report.h"
#include "tests/support/catch.h"

using namespace hostav;

namespace {

Alarm valid_alarm() {
    AlarmOptions options;
    options.preset = "found";
    return *take_alarm(options, "");
}

} // namespace

TEST_CASE("presets", "[metric][provision]") {
    const auto found = valid_alarm();
    CHECK(found.name == "ClamAV VIRUS FOUND");
    CHECK(alarm_condition_text(found) ==
          "clamav/found VIRUSFOUND Sum > 0, 1 of 1 periods of 300 s");
    CHECK(found.missing_data == "notBreaching");
    CHECK(found.unit.empty());
    AlarmOptions options;
    options.preset = "old-signatures";
    options.dimensions = {"Host=web-1"};
    options.period = 900;
    const auto old = take_alarm(options, "");
    REQUIRE(old);
    CHECK(old->name == "hostav OLD SIGNATURES web-1");
    CHECK(old->threshold == 3 * 86400);
    CHECK(old->period == 900);
    CHECK(old->missing_data == "breaching");
}

TEST_CASE("an alarm's periods", "[metric][provision]") {
    const auto good = [](std::uint64_t period, std::uint64_t count) {
        auto alarm = valid_alarm();
        alarm.period = period;
        alarm.evaluation_periods = count;
        return check_alarm(alarm).has_value();
    };
    CHECK(good(10, 1));
    CHECK(good(60, 1440));
    CHECK_FALSE(good(60, 1441));
    CHECK(good(3600, 168));
    CHECK_FALSE(good(3600, 169));
    CHECK(good(604800, 1));
    CHECK_FALSE(good(604860, 1));
    CHECK_FALSE(good(0, 1));
    CHECK_FALSE(good(60, 0));
    CHECK_FALSE(good(60, UINT64_MAX));
    CHECK_FALSE(good(90, 1));
}

TEST_CASE("statistics", "[metric][provision]") {
    const auto good = [](const std::string &statistic) {
        auto alarm = valid_alarm();
        alarm.statistic = statistic;
        return check_alarm(alarm).has_value();
    };
    for (const auto *one :
         {"Sum", "Average", "SampleCount", "Minimum", "Maximum", "p0", "p99.9", "p100", "tm90",
          "wm95", "tc10", "ts80", "IQM", "TM(10%:90%)", "PR(:300)"})
        CHECK(good(one));
    for (const auto *one : {"", "sum", "p", "p101", "p-1", "p99x", "PR()", "TM(a)", "Sum\n", "pp9"})
        CHECK_FALSE(good(one));
}

TEST_CASE("what differs between alarms", "[metric][provision]") {
    const auto from = valid_alarm();
    auto to = from;
    CHECK(alarm_changes(from, to).none());
    to.alarm_actions = {"b", "a"};
    auto other = to;
    other.alarm_actions = {"a", "b"};
    CHECK(alarm_changes(to, other).none()); // in any order
    to.threshold = 0.5;
    to.description = "line\nbreak";
    CHECK(alarm_changes(from, to).text() ==
          "description none -> line\\nbreak, alarm actions none -> a b, threshold 0 -> 0.5");
    auto math = from;
    math.foreign = {"Metrics"};
    CHECK(alarm_changes(math, from).text() == "Metrics is dropped");
}

TEST_CASE("a filter of options", "[metric][provision]") {
    std::string caret;
    const auto guide = take_filter({}, "g", "ClamAV", caret);
    REQUIRE(guide);
    CHECK(guide->pattern == R"(%\sFOUND$%)");
    CHECK(guide->otherwise == 0.0);
    FilterOptions options;
    options.dimensions = {"Host=$.host"};
    options.pattern = "{ $.a = 1 }";
    CHECK_FALSE(take_filter(options, "g", "F", caret)->otherwise);
    options.pattern = "{ $.a IS NOT NULL }";
    CHECK_FALSE(take_filter(options, "g", "F", caret));
    CHECK(caret.find('^') != std::string::npos);
    auto none = *guide;
    none.unit.clear();
    auto written = none;
    written.unit = "None";
    CHECK(filter_changes(none, written).none());
    CHECK(filter_changes(*guide, none).text() == "unit Count -> None");
}

TEST_CASE("names and addresses", "[metric][provision]") {
    for (const auto *one : {"ops@example.com", "o'neil+av@mail.example.org", "a@b.c"})
        CHECK(email_subscription(one));
    for (const auto *one : {"", "@", "a@b", "a@.b", "a@b.", "a@b..c", "a b@c.d", "a@b.c ",
                            "a@b@c.d", "ä@b.c", "<a@b.c>", "a@b.c,d@e.f"})
        CHECK_FALSE(email_subscription(one));
    CHECK(check_topic("arn:aws-cn:sns:cn-north-1:123456789012:t"));
    CHECK_FALSE(check_topic("arn:aws:sns:eu-west-1:123456789012:t:subscription"));
    CHECK_FALSE(check_topic("t.fifo"));
    CHECK(check_action("--o", "arn:aws:automate:eu-west-1:ec2:stop"));
    CHECK_FALSE(check_action("--o", "arn:x"));
    CHECK(check_alarm_name(std::string(255, 'x')));
    CHECK_FALSE(check_alarm_name(std::string(256, 'x')));
    CHECK_FALSE(check_alarm_name("\xFF"));
    CHECK(parse_tags({"Cost center=a:b/c", "ä=ö"}));
    CHECK_FALSE(parse_tags({"AWS:x=1"}));
    CHECK_FALSE(parse_tags({"a=<"}));
    CHECK(subscription_text({"", "https", "https://u:p@h/x?y", "", false}) ==
          "subscription https https://h/x");
}

TEST_CASE("IAM policies", "[metric][provision]") {
    CHECK(policy_arn({}, "sns", "", "t") == "arn:aws:sns:*:*:t");
    CHECK(policy_arn({"aws-cn", "cn-north-1"}, "cloudwatch", "alarm:", "a*b?c$d") ==
          "arn:aws-cn:cloudwatch:cn-north-1:*:alarm:a${*}b${?}c${$}d");
    CHECK(policy_text({{{"a:B"}, {"*"}, {}}, {{}, {"x"}, {}}}) ==
          "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n"
          "            \"Effect\": \"Allow\",\n            \"Action\": \"a:B\",\n"
          "            \"Resource\": \"*\"\n        }\n    ]\n}");
    CHECK(policy_text(push_policy("x\"\xFF"))
              .find("\"cloudwatch:namespace\": \"x\\\"\xEF\xBF\xBD\"") != std::string::npos);
}

TEST_CASE("a report", "[metric][provision]") {
    std::vector<std::string> lines;
    const ProvisionOutput output{[&lines](const std::string &line) { lines.push_back(line); },
                                 [](const std::string & /*advice*/) {}};
    Report plan(output, true);
    plan.exists("a");
    plan.absent("b");
    plan.kept("c", "why");
    CHECK_FALSE(plan.outstanding());
    plan.made("d", "so");
    CHECK(plan.outstanding());
    Report real(output, false);
    real.deleted("e");
    CHECK_FALSE(real.outstanding());
    CHECK(lines == std::vector<std::string>{"exists: a", "not there: b", "kept: c: why",
                                            "would make: d: so", "deleted: e"});
}
