// SPDX-License-Identifier: GPL-2.0-only
//
// A missing group and stream: which calls are made, in which order, and what a failure of one does.
#include "aws/log_groups.h"
#include "aws/service.h"
#include "base/json.h"
#include "tests/support/aws.h"
#include "tests/support/catch.h"
#include "tests/support/http_double.h"

#include <deque>

using namespace hostav;
using namespace std::chrono_literals;

namespace {

/// A service that answers by operation: the next of its answers, or success.
struct Service {
    std::map<std::string, std::deque<std::string>> script; ///< `STATUS TYPE`
    aws_test::Directory home;
    HttpDouble server{[this](const HttpDouble::Request &request) { return answer(request); }};
    AwsEnvironment environment = aws_test::environment(home, {{"AWS_EC2_METADATA_DISABLED", "true"},
                                                              {"AWS_ACCESS_KEY_ID", "KEY"},
                                                              {"AWS_SECRET_ACCESS_KEY", "secret"}});
    HttpClient http{{}};
    Metadata metadata{environment, http};
    Credentials credentials{environment, http, metadata, "eu-west-1"};
    AwsServiceClient logs{
        {environment, http, credentials}, logs_service, "eu-west-1", server.url("/")};
    UnfinishedGroups unfinished;
    LogGroupOptions options;

    static std::string operation(const HttpDouble::Request &request) {
        return request.header("x-amz-target").substr(std::string("Logs_20140328.").size());
    }
    std::string answer(const HttpDouble::Request &request) {
        auto &answers = script[operation(request)];
        if (answers.empty())
            return HttpDouble::answer(200, "{}");
        const auto next = answers.front();
        answers.pop_front();
        const auto blank = next.find(' ');
        return HttpDouble::answer(std::stoi(next), R"({"__type":")" + next.substr(blank + 1) +
                                                       R"(","message":"why"})");
    }
    AwsReply ensure() {
        std::optional<AwsReply> reply;
        ensure_log_stream(logs, "group", "stream", options, unfinished,
                          [&reply](AwsReply made) { reply = std::move(made); });
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (!reply && std::chrono::steady_clock::now() < until)
            REQUIRE(http.wait({}, 100ms));
        REQUIRE(reply);
        return *reply;
    }
    /// Of all calls so far, first letters: `CreateLogStream` is `stream`.
    std::vector<std::string> calls() {
        std::vector<std::string> names;
        for (const auto &request : server.requests())
            names.push_back(operation(request));
        return names;
    }
};

using Calls = std::vector<std::string>;
const std::string missing = "400 ResourceNotFoundException";
const std::string stream = "CreateLogStream", group = "CreateLogGroup",
                  retention = "PutRetentionPolicy";

} // namespace

TEST_CASE("only what is missing is made") {
    Service service;
    SECTION("the stream") {
        CHECK(service.ensure().error == AwsErrorKind::none);
        CHECK(service.calls() == Calls{stream});
    }
    SECTION("nothing: somebody else was faster") {
        service.script[stream] = {"400 ResourceAlreadyExistsException"};
        CHECK(service.ensure().error == AwsErrorKind::none);
        CHECK(service.calls() == Calls{stream});
    }
    SECTION("the group, too") {
        service.script[stream] = {missing};
        CHECK(service.ensure().error == AwsErrorKind::none);
        CHECK(service.calls() == Calls{stream, group, stream});
    }
    SECTION("the group with its retention and tags") {
        service.script[stream] = {missing};
        service.options = {30, {{"team", "a \"b\""}}};
        CHECK(service.ensure().error == AwsErrorKind::none);
        CHECK(service.calls() == Calls{stream, group, retention, stream});
        const auto fields = parse_json_fields(service.server.requests()[1].body, "body");
        REQUIRE(fields);
        CHECK(text_field(*fields, "tags.team") == "a \"b\"");
        CHECK(service.server.requests()[2].body.find("\"retentionInDays\":30") !=
              std::string::npos);
    }
    SECTION("a group that somebody else has made keeps its retention") {
        service.script[stream] = {missing};
        service.script[group] = {"400 ResourceAlreadyExistsException"};
        service.options.retention_days = 30;
        CHECK(service.ensure().error == AwsErrorKind::none);
        CHECK(service.calls() == Calls{stream, group, stream});
    }
}

TEST_CASE("that retention may not be set is said, and keeps no line waiting") {
    Service service;
    service.options.retention_days = 30;
    service.script[stream] = {missing};
    service.script[retention] = {"400 AccessDeniedException"};
    const auto reply = service.ensure();
    CHECK(reply.error == AwsErrorKind::none);
    CHECK(reply.message.starts_with("PutRetentionPolicy: "));
    CHECK(service.calls() == Calls{stream, group, retention, stream});
    CHECK(service.unfinished.empty());
}

TEST_CASE("retention that was throttled is set at the next try") {
    Service service;
    service.options.retention_days = 30;
    service.script[stream] = {missing};
    service.script[retention] = {"400 ThrottlingException"};
    CHECK(service.ensure().error == AwsErrorKind::throttled);
    CHECK(service.unfinished.contains("group"));
    CHECK(service.ensure().error == AwsErrorKind::none);
    CHECK(service.calls() == Calls{stream, group, retention, retention, stream});
    CHECK(service.unfinished.empty());
}

TEST_CASE("a group that was deleted before its retention was set is made again") {
    Service service;
    service.options.retention_days = 30;
    service.script[stream] = {missing, missing};
    service.script[retention] = {"400 ThrottlingException", missing};
    CHECK(service.ensure().error == AwsErrorKind::throttled);
    CHECK(service.ensure().error == AwsErrorKind::none);
    CHECK(service.calls() ==
          Calls{stream, group, retention, retention, stream, group, retention, stream});
    CHECK(service.unfinished.empty());
}

TEST_CASE("a group that may not be made is an error with the operation's name") {
    Service service;
    service.script[stream] = {missing};
    service.script[group] = {"400 AccessDeniedException"};
    const auto reply = service.ensure();
    CHECK(reply.error == AwsErrorKind::denied);
    CHECK(reply.message.starts_with("CreateLogGroup: "));
}

TEST_CASE("a service that always says that a group is missing ends the chain") {
    Service service;
    for (int i = 0; i < 50; ++i) {
        service.script[stream].push_back(missing);
        service.script[retention].push_back(missing);
    }
    service.options.retention_days = 30;
    CHECK(service.ensure().error == AwsErrorKind::not_found);
    CHECK(service.calls().size() < 10);
}
