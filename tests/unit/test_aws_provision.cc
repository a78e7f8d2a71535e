// SPDX-License-Identifier: GPL-2.0-only
//
// What is sent to set up filters, topics and alarms, and what is read from answers, also from those
// that are not what they should be.
#include "aws/alarms.h"
#include "aws/answer_fields.h"
#include "aws/endpoint.h"
#include "aws/metric_filters.h"
#include "aws/topics.h"
#include "base/json.h"
#include "tests/support/catch.h"

using namespace hostav;

TEST_CASE("lists in the fields of an answer", "[aws][provision]") {
    std::string json = R"({"l":[)";
    for (int i = 0; i < 12; ++i)
        json += (i == 0 ? "" : ",") + std::string(R"({"n":)") + std::to_string(i) +
                R"(,"d":{"x":"y"}})";
    const auto fields = *parse_json_fields(json + R"(],"t":["a","b"],"f":1.5,"o":{"k":"v"}})", "w");
    const auto objects = object_list(fields, "l");
    REQUIRE(objects.size() == 12);
    CHECK(whole_field(objects[10], "n") == 10); // by index, not by text
    CHECK(object_fields(objects[1], "d") == AnswerFields{{"x", "y"}});
    CHECK(text_list(fields, "t") == std::vector<std::string>{"a", "b"});
    CHECK(number_field(fields, "f") == 1.5);
    CHECK_FALSE(number_field(fields, "t.0"));
    CHECK(whole_field(fields, "f") == 0);
    CHECK(object_list(fields, "none").empty());
    CHECK(object_list(fields, "t").empty());
}

TEST_CASE("a metric filter there and back", "[aws][provision]") {
    MetricFilter filter{"g",     "ClamAV", R"(%\sFOUND$%)", "clamav/found", "VIRUSFOUND", "1", 0,
                        "Count", {}};
    CHECK(metric_filter_body(filter) ==
          R"({"logGroupName":"g","filterName":"ClamAV","filterPattern":"%\\sFOUND$%",)"
          R"("metricTransformations":[{"metricName":"VIRUSFOUND","metricNamespace":"clamav/found",)"
          R"("metricValue":"1","defaultValue":0.0,"unit":"Count"}]})");
    filter.otherwise.reset();
    filter.unit.clear();
    filter.dimensions = {{"Host", "$.host"}};
    CHECK(metric_filter_body(filter).ends_with(
        R"("metricValue":"1","dimensions":{"Host":"$.host"}}]})"));

    std::string token;
    const auto read = read_metric_filters(
        R"({"metricFilters":[{"filterName":"F","filterPattern":"","metricTransformations":[{"metricName":
        "m","metricNamespace":"n","metricValue":"$.x","defaultValue":1e2,"dimensions":{"H":"$.h"}}],
        "logGroupName":"g"},{"filterName":"odd","metricTransformations":7}],"nextToken":"t"})",
        token);
    REQUIRE(read);
    REQUIRE(read->size() == 2);
    CHECK(read->front().otherwise == 100.0);
    CHECK(read->front().dimensions == std::map<std::string, std::string>{{"H", "$.h"}});
    CHECK(read->back().metric.empty());
    CHECK(token == "t");
    for (const auto *wrong : {"", "[]", "{", "null", "{\"metricFilters\":[{]}"})
        CHECK_FALSE(read_metric_filters(wrong, token));
    CHECK(read_metric_filters(R"({"metricFilters":null})", token)->empty());
}

TEST_CASE("an alarm's request", "[aws][provision]") {
    Alarm alarm;
    alarm.name = "A";
    alarm.name_space = "n";
    alarm.metric = "m";
    alarm.dimensions = {{"Host", "web-1"}};
    CHECK(alarm_body(alarm, {{"t", "v"}}) ==
          R"({"AlarmName":"A","ActionsEnabled":true,"AlarmActions":[],"OKActions":[],)"
          R"("InsufficientDataActions":[],"Namespace":"n","MetricName":"m",)"
          R"("Dimensions":[{"Name":"Host","Value":"web-1"}],"Statistic":"Sum","Period":300,)"
          R"("EvaluationPeriods":1,"DatapointsToAlarm":1,"Threshold":0.0,)"
          R"("ComparisonOperator":"GreaterThanThreshold","TreatMissingData":"notBreaching",)"
          R"("Tags":[{"Key":"t","Value":"v"}]})");
    alarm.statistic = "p99";
    CHECK(alarm_body(alarm, {}).find(R"("ExtendedStatistic":"p99")") != std::string::npos);
    alarm.rule = "TRUE";
    CHECK(alarm_body(alarm, {}) == R"({"AlarmName":"A","ActionsEnabled":true,"AlarmActions":[],)"
                                   R"("OKActions":[],"InsufficientDataActions":[],)"
                                   R"("AlarmRule":"TRUE"})");
}

TEST_CASE("alarms of an answer", "[aws][provision]") {
    std::string token = "old";
    const auto read = read_alarms(
        R"({"MetricAlarms":[{"AlarmName":"a","ActionsEnabled":false,"EvaluationPeriods":3,"Period":60,
        "Threshold":-1.5e-3,"ExtendedStatistic":"p90","Dimensions":[{"Name":"x","Value":"y"}],
        "AlarmActions":["arn:1","arn:2"],"StateValue":"ALARM"},
        {"AlarmName":"math","Metrics":[{"Id":"m1"}]}],
        "CompositeAlarms":[{"AlarmName":"c","AlarmRule":"TRUE","ActionsSuppressor":"s"}]})",
        token);
    REQUIRE(read);
    REQUIRE(read->size() == 3);
    const auto &first = read->at(0);
    CHECK_FALSE(first.enabled);
    CHECK(first.datapoints == 3);
    CHECK(first.threshold == -1.5e-3);
    CHECK(first.statistic == "p90");
    CHECK(first.missing_data == "missing");
    CHECK(first.alarm_actions.size() == 2);
    CHECK(first.foreign.empty());
    CHECK(read->at(1).foreign == std::vector<std::string>{"Metrics"});
    CHECK(read->at(2).composite());
    CHECK(read->at(2).foreign == std::vector<std::string>{"ActionsSuppressor"});
    CHECK(token.empty());
    // What has another type than it should is as if it were not there.
    const auto odd = read_alarms(R"({"MetricAlarms":[{"AlarmName":"a","Period":"x","Threshold":null,
        "EvaluationPeriods":-1,"AlarmActions":"b","Dimensions":{"a":1}}],"NextToken":{}})",
                                 token);
    REQUIRE(odd);
    CHECK(odd->at(0).period == 0);
    CHECK(odd->at(0).alarm_actions.empty());
    CHECK_FALSE(read_alarms("{\"MetricAlarms\":[", token));
    CHECK_FALSE(read_alarms(std::string(100'000, '['), token));
}

TEST_CASE("subscriptions and attributes of an answer", "[aws][provision]") {
    const auto read = read_subscriptions(
        "<Subscriptions>\n "
        "<member><Protocol>email</Protocol><Endpoint>a&amp;b@example.com</Endpoint>"
        "<SubscriptionArn>PendingConfirmation</SubscriptionArn><TopicArn>arn:t</TopicArn></member>"
        "<member><Protocol>sqs</Protocol><Endpoint>arn:q</Endpoint><SubscriptionArn>arn:aws:s"
        "</SubscriptionArn><TopicArn>arn:t</TopicArn></member>"
        "<member><Protocol>email</Protocol><SubscriptionArn>Deleted</SubscriptionArn></member>"
        "<member></member><member><SubscriptionArn>arn:cut");
    REQUIRE(read.size() == 2);
    CHECK(read[0].pending);
    CHECK(read[0].arn.empty());
    CHECK(read[0].endpoint == "a&b@example.com");
    CHECK_FALSE(read[1].pending);
    CHECK(read_subscriptions("<html>").empty());
    CHECK(read_topic_attributes("<entry><key>A</key><value>1 &lt; 2</value></entry><entry/>") ==
          TopicAttributes{{"A", "1 < 2"}});
    CHECK(topic_name("arn:aws:sns:eu-west-1:1:t") == "t");
    CHECK(topic_name("t") == "t");
}

TEST_CASE("the partition of a region", "[aws][provision]") {
    CHECK(partition_name("eu-west-1") == "aws");
    CHECK(partition_name("cn-north-1") == "aws-cn");
    CHECK(partition_name("us-gov-west-1") == "aws-us-gov");
    CHECK(partition_name("us-isob-east-1") == "aws-iso-b");
}
