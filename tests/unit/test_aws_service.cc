// SPDX-License-Identifier: GPL-2.0-only
//
// Calls of a service: what is sent, how answers and failures are read, what is repeated.
#include "aws/service.h"
#include "base/json.h"
#include "tests/support/aws.h"
#include "tests/support/catch.h"
#include "tests/support/http_double.h"

#include <atomic>
#include <ctime>

using namespace hostav;
using aws_test::Directory;
using namespace std::chrono_literals;

namespace {

using Request = HttpDouble::Request;

HttpResponse response(long status, std::string body, const std::string &type = "") {
    HttpResponse made;
    made.status = status;
    made.body = std::move(body);
    if (!type.empty())
        made.headers["x-amzn-errortype"] = type;
    return made;
}

std::string json_error(const std::string &type, const std::string &message = "why") {
    return R"({"__type":")" + type + R"(","message":")" + message + R"("})";
}

AwsCall put_events() {
    return {"Logs_20140328.PutLogEvents", "application/x-amz-json-1.1", "{\"a\":1}", false};
}

struct Client {
    Directory home;
    HttpDouble server;
    AwsEnvironment environment;
    HttpClient http{{}};
    Metadata metadata{environment, http};
    Credentials credentials{environment, http, metadata, "eu-west-1"};
    AwsServiceClient service{
        {environment, http, credentials}, logs_service, "eu-west-1", server.url("/")};

    explicit Client(HttpDouble::Handler handler, aws_test::Table table = {})
        : server(std::move(handler)), environment(aws_test::environment(home, [&table] {
              table.emplace("AWS_EC2_METADATA_DISABLED", "true");
              return table;
          }())) {}
    void keys(const std::string &key) const {
        home.write(".aws/credentials",
                   "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = secret\n");
    }
    [[nodiscard]] std::string signer(std::size_t request) {
        const auto header = server.requests().at(request).header("authorization");
        return header.substr(header.find('=') + 1, header.find('/') - header.find('=') - 1);
    }
};

} // namespace

TEST_CASE("what errors of services mean", "[aws][service]") {
    struct Row {
        long status;
        const char *type;
        AwsErrorKind kind;
    };
    using Kind = AwsErrorKind;
    const auto row =
        GENERATE(values<Row>({{400, "ThrottlingException", Kind::throttled},
                              {400, "Throttling", Kind::throttled},
                              {400, "LimitExceededException", Kind::throttled},
                              {429, "Whatever", Kind::throttled},
                              {503, "ServiceUnavailableException", Kind::unavailable},
                              {500, "InternalFailure", Kind::unavailable},
                              {502, "", Kind::unavailable},
                              {400, "OperationAbortedException", Kind::conflict},
                              {400, "ResourceNotFoundException", Kind::not_found},
                              {400, "ResourceAlreadyExistsException", Kind::already_exists},
                              {400, "InvalidParameterException", Kind::invalid},
                              {400, "InvalidParameterValue", Kind::invalid},
                              {400, "InvalidParameterCombination", Kind::invalid},
                              {400, "MissingParameter", Kind::invalid},
                              {400, "SerializationException", Kind::invalid},
                              {413, "", Kind::invalid},
                              {400, "UnrecognizedClientException", Kind::credentials},
                              {403, "InvalidClientTokenId", Kind::credentials},
                              {403, "InvalidAccessKeyId", Kind::credentials},
                              {400, "ExpiredTokenException", Kind::credentials},
                              {403, "ExpiredToken", Kind::credentials},
                              {400, "InvalidSignatureException", Kind::credentials},
                              {400, "IncompleteSignatureException", Kind::credentials},
                              {403, "MissingAuthenticationTokenException", Kind::credentials},
                              {400, "AccessDeniedException", Kind::denied},
                              {403, "", Kind::denied},
                              {400, "InvalidSequenceTokenException", Kind::other},
                              {400, "DataAlreadyAcceptedException", Kind::other},
                              {301, "", Kind::other}}));
    INFO(row.type);
    const std::string type = row.type;
    CHECK(read_aws_reply(response(row.status, json_error("ns#" + type + ":http://x"))).error ==
          row.kind);
    CHECK(read_aws_reply(response(row.status, "", type + ":http://x/")).error == row.kind);
    const auto xml = read_aws_reply(response(
        row.status, "<E><Error><Code>" + type + "</Code><Message>a&lt;b</Message></Error>"));
    CHECK(xml.error == row.kind);
    CHECK(xml.code == type);
    CHECK(xml.message.ends_with(": a<b"));
}

TEST_CASE("an answer's parts", "[aws][service]") {
    auto good = read_aws_reply(response(200, "{}"));
    CHECK(good.error == AwsErrorKind::none);
    CHECK(good.body == "{}");
    CHECK(good.message.empty());
    auto busy = response(503, "", "ServiceUnavailable");
    busy.headers["retry-after"] = "7";
    CHECK(read_aws_reply(busy).retry_after == 7s);
    CHECK_FALSE(read_aws_reply(busy).ambiguous);
    CHECK(read_aws_reply(response(504, "")).ambiguous);
    const auto capital = read_aws_reply(response(400, R"({"__type":"X","Message":"a\nb"})"));
    CHECK(capital.message == "X: a …");
    // A refused signature comes with all that should have been signed.
    const auto long_one =
        read_aws_reply(response(403, json_error("InvalidSignatureException",
                                                "does not match\\n\\nThe Canonical String is\\n" +
                                                    std::string(5000, 'x'))));
    CHECK(long_one.message == "InvalidSignatureException: does not match …");
    const auto endless = read_aws_reply(response(400, json_error(std::string(5000, 'A'))));
    CHECK(endless.message.size() < 200);
    CHECK(read_aws_reply(response(400, R"({"message":"Rate exceeded"})")).error ==
          AwsErrorKind::throttled);
    CHECK(read_aws_reply(response(500, "<html>\x1b[31m oh")).message == "HTTP status 500");
    auto query = response(400, "{}");
    query.headers["x-amzn-query-error"] = "Throttling;Sender";
    CHECK(read_aws_reply(query).error == AwsErrorKind::throttled);
    HttpResponse lost;
    lost.why = "reset";
    lost.sent = true;
    CHECK(read_aws_reply(lost).error == AwsErrorKind::unavailable);
    CHECK(read_aws_reply(lost).ambiguous);
    lost.sent = false;
    CHECK_FALSE(read_aws_reply(lost).ambiguous);
}

TEST_CASE("JSON of others: scalars by their path", "[aws][json]") {
    using Fields = std::map<std::string, std::string>;
    CHECK(parse_json_fields(R"({"a":"x","b":null,"c":[1],"d":{"e":1},"f":2,"g":true})", "w") ==
          Fields{{"a", "x"}, {"c.0", "1"}, {"d.e", "1"}, {"f", "2"}, {"g", "true"}});
    // As deep as no answer is: what is below is left out, and nothing overflows.
    std::string deep;
    for (int i = 0; i < 100'000; ++i)
        deep += R"({"a":)";
    CHECK(parse_json_fields(deep + "1" + std::string(100'000, '}'), "w") == Fields{});
    CHECK_FALSE(parse_json_fields("[]", "w"));
    CHECK_FALSE(parse_json_fields("{", "w"));
    CHECK_FALSE(parse_json_fields("", "w"));
}

TEST_CASE("a call is signed and told once", "[aws][service]") {
    Client client([](const Request &) { return HttpDouble::answer(200, "{\"x\":2}"); });
    client.keys("AKID");
    auto call = put_events();
    call.gzipped = true;
    int told = 0;
    client.service.call(call, [&told](const AwsReply &reply) {
        ++told;
        CHECK(reply.error == AwsErrorKind::none);
        CHECK(reply.body == "{\"x\":2}");
        CHECK(reply.request_body == "{\"a\":1}");
    });
    while (client.http.running() > 0)
        REQUIRE(client.http.wait({}, 1s));
    CHECK(told == 1);
    CHECK(client.service.call(put_events()).body == "{\"x\":2}");
    const auto requests = client.server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].header("x-amz-target") == "Logs_20140328.PutLogEvents");
    CHECK(requests[0].header("content-type") == "application/x-amz-json-1.1");
    CHECK(requests[0].header("content-encoding") == "gzip");
    CHECK(requests[0].header("host") == "127.0.0.1:" + std::to_string(client.server.port()));
    CHECK(requests[0]
              .header("authorization")
              .find("SignedHeaders=content-encoding;content-type;host;x-amz-date;x-amz-target,") !=
          std::string::npos);
    CHECK_FALSE(requests[1].headers.contains("content-encoding"));
    CHECK(client.signer(0) == "AKID");
}

TEST_CASE("refused credentials are fetched anew and the call repeated once", "[aws][service]") {
    const auto code =
        GENERATE(std::string("ExpiredTokenException"), std::string("UnrecognizedClientException"),
                 std::string("InvalidSignatureException"));
    std::atomic<int> fetched = 0;
    std::atomic<bool> always = false;
    HttpDouble endpoint([&fetched](const Request &) {
        return HttpDouble::answer(200, R"({"AccessKeyId":"K)" + std::to_string(++fetched) +
                                           R"(","SecretAccessKey":"s","Token":"t"})");
    });
    Client client(
        [&](const Request &request) {
            const bool old = request.header("authorization").find("=K1/") != std::string::npos;
            return always || old ? HttpDouble::answer(400, json_error(code))
                                 : HttpDouble::answer(200, "{}");
        },
        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url("/")}});
    auto reply = client.service.call(put_events());
    CHECK(reply.error == AwsErrorKind::none);
    REQUIRE(client.server.requests().size() == 2);
    CHECK(client.signer(0) == "K1");
    CHECK(client.signer(1) == "K2");
    CHECK(client.server.requests()[1].body == "{\"a\":1}");
    always = true;
    reply = client.service.call(put_events());
    CHECK(reply.error == AwsErrorKind::credentials);
    CHECK(reply.code == code);
    CHECK(reply.message.find("container credentials") != std::string::npos);
    CHECK(reply.request_body == "{\"a\":1}");
    CHECK(client.server.requests().size() == 4);
}

TEST_CASE("a wrong clock is corrected once and for all", "[aws][service]") {
    const std::time_t server_time = std::time(nullptr) - 2L * 86400;
    std::array<char, 64> date{};
    std::tm parts = {};
    ::gmtime_r(&server_time, &parts);
    std::strftime(date.data(), date.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    std::array<char, 16> day{};
    std::strftime(day.data(), day.size(), "%Y%m%d", &parts);
    std::atomic<bool> always = false;
    const auto type =
        GENERATE(std::string("InvalidSignatureException"), std::string("SignatureDoesNotMatch"));
    Client client([&](const Request &request) {
        const bool right = request.header("x-amz-date").starts_with(day.data());
        return right && !always
                   ? HttpDouble::answer(200, "{}", date.data())
                   : HttpDouble::answer(400,
                                        json_error(type, "Signature not yet current: 2 is later"),
                                        date.data());
    });
    client.keys("AKID");
    int accepted = 0; // of two that learn of it at the same time
    for (int i = 0; i < 2; ++i)
        client.service.call(put_events(), [&accepted](const AwsReply &reply) {
            accepted += reply.error == AwsErrorKind::none ? 1 : 0;
        });
    while (client.http.running() > 0)
        REQUIRE(client.http.wait({}, 1s));
    CHECK(accepted == 2);
    CHECK(client.server.requests().size() == 4);
    CHECK(client.service.clock_offset() <= -2 * 24h + 5s);
    CHECK(client.service.clock_offset() >= -2 * 24h - 60s);
    CHECK(client.service.now() <= server_time + 60);
    CHECK(client.service.call(put_events()).error == AwsErrorKind::none);
    CHECK(client.server.requests().size() == 5);
    always = true; // and does not chase a server that is never content
    CHECK(client.service.call(put_events()).error == AwsErrorKind::credentials);
    CHECK(client.server.requests().size() == 7);
}

TEST_CASE("messages say what to do", "[aws][service]") {
    std::string body;
    Client client([&body](const Request &) { return HttpDouble::answer(400, body); });
    client.keys("AKID");
    const auto said = [&](const std::string &type, const std::string &message) {
        body = json_error(type, message);
        return client.service.call(put_events()).message;
    };
    CHECK(said("AccessDeniedException",
               "User: arn:aws:iam::1:user/u is not authorized to perform: logs:PutLogEvents on "
               "resource: arn:aws:logs:r because no identity-based policy allows it")
              .ends_with("(allow logs:PutLogEvents on arn:aws:logs:r in an IAM policy of these "
                         "credentials)"));
    CHECK(said("AccessDeniedException", "x with an explicit deny in a policy")
              .ends_with("(a policy denies it explicitly)"));
    CHECK(said("AccessDeniedException", "no")
              .ends_with("(check the IAM policy of these credentials)"));
    CHECK(said("InvalidSignatureException", "Credential should be scoped to a valid region.")
              .ends_with("(it was signed for region eu-west-1: give the right --region)"));
    CHECK(said("UnrecognizedClientException", "The security token is invalid")
              .ends_with("(credentials: profile default; region: eu-west-1)"));
}

TEST_CASE("without credentials nothing is sent, and that is told at once", "[aws][service]") {
    Client client([](const Request &) { return HttpDouble::answer(200, "{}"); });
    int told = 0;
    client.service.call(put_events(), [&told](const AwsReply &reply) {
        ++told;
        CHECK(reply.error == AwsErrorKind::credentials);
        CHECK(reply.message.starts_with("no credentials: "));
        CHECK(reply.request_body == "{\"a\":1}");
    });
    CHECK(told == 1);
    CHECK(client.server.requests().empty());
}

TEST_CASE("a client that goes takes its calls along", "[aws][service]") {
    Client client([](const Request &) { return HttpDouble::hang; });
    client.keys("AKID");
    {
        AwsServiceClient other({client.environment, client.http, client.credentials}, logs_service,
                               "eu-west-1", client.server.url("/"));
        other.call(put_events(), [](const AwsReply &) { FAIL("told"); });
        CHECK(client.http.running() == 1);
    }
    CHECK(client.http.running() == 0);
    REQUIRE(client.http.wait({}, 1ms));
}

TEST_CASE("no answer: it may have been accepted, or not", "[aws][service]") {
    Client client([](const Request &) { return HttpDouble::reset; });
    client.keys("AKID");
    auto reply = client.service.call(put_events());
    CHECK(reply.error == AwsErrorKind::unavailable);
    CHECK(reply.ambiguous);
    client.server.reset_after(1);
    auto call = put_events();
    call.body.resize(32 << 20, 'x');
    reply = client.service.call(call);
    CHECK(reply.error == AwsErrorKind::unavailable);
    CHECK_FALSE(reply.ambiguous);
}
