// SPDX-License-Identifier: GPL-2.0-only
//
// The instance metadata service, stood in for by a real server of ours.
#include "aws/endpoint.h"
#include "aws/metadata.h"
#include "tests/support/aws.h"
#include "tests/support/catch.h"
#include "tests/support/http_double.h"

#include <atomic>

using namespace hostav;
using aws_test::Directory;

namespace {

using Request = HttpDouble::Request;

/// Version 2: a token first, whose life ends when the test says so.
struct Service {
    std::atomic<int> token = 1;
    int token_status = 200;
    std::string life = "21600";

    std::string operator()(const Request &request) {
        if (request.path == "/latest/api/token") {
            if (token_status == 0)
                return HttpDouble::hang;
            if (token_status != 200)
                return HttpDouble::answer(token_status, "");
            return HttpDouble::answer(200, "token-" + std::to_string(token),
                                      "X-aws-ec2-metadata-token-ttl-seconds: " + life + "\r\n");
        }
        const auto sent = request.header("x-aws-ec2-metadata-token");
        if (token_status == 200 && sent != "token-" + std::to_string(token))
            return HttpDouble::answer(401, "");
        if (request.path == "/latest/meta-data/instance-id")
            return HttpDouble::answer(200, "i-0123");
        if (request.path == "/latest/dynamic/instance-identity/document")
            return HttpDouble::answer(200, R"({"region": "eu-west-3", "instanceId": "i-0123",
                "billingProducts": null, "marketplaceProductCodes": ["x"], "version": 1})");
        return HttpDouble::answer(404, "");
    }
};

struct Fixture {
    Directory home;
    Service service;
    HttpDouble server{[this](const Request &request) { return service(request); }};
    HttpClient http{{}};
    AwsOptions options;
    std::unique_ptr<AwsEnvironment> environment;

    Metadata metadata(aws_test::Table more = {}) {
        more.try_emplace("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url("/"));
        environment =
            std::make_unique<AwsEnvironment>(aws_test::environment(home, std::move(more), options));
        return {*environment, http};
    }
    int tokens_asked() {
        int count = 0;
        for (const auto &request : server.requests())
            count += request.method == "PUT" ? 1 : 0;
        return count;
    }
};

const std::string id = "/latest/meta-data/instance-id";

} // namespace

TEST_CASE("version 2: a token once, then with every request", "[aws][metadata]") {
    Fixture fixture;
    auto metadata = fixture.metadata();
    CHECK(metadata.get(id) == "i-0123");
    CHECK(metadata.get(id) == "i-0123");
    const auto requests = fixture.server.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[0].method == "PUT");
    CHECK(requests[0].header("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
    CHECK(requests[2].header("x-aws-ec2-metadata-token") == "token-1");
}

TEST_CASE("a token that is not known any more is replaced", "[aws][metadata]") {
    Fixture fixture;
    auto metadata = fixture.metadata();
    CHECK(metadata.get(id) == "i-0123");
    fixture.service.token = 2;
    CHECK(metadata.get(id) == "i-0123");
    CHECK(fixture.tokens_asked() == 2);
}

TEST_CASE("the identity document gives the region and is asked for once", "[aws][metadata]") {
    Fixture fixture;
    auto metadata = fixture.metadata();
    const auto document = metadata.identity_document();
    REQUIRE(document);
    CHECK(document->at("region") == "eu-west-3");
    CHECK(document->at("instanceId") == "i-0123");
    const auto asked = fixture.server.requests().size();
    CHECK(find_region(*fixture.environment, {}, metadata) == "eu-west-3");
    CHECK(fixture.server.requests().size() == asked);
}

TEST_CASE("what it does not have is no reason not to ask again", "[aws][metadata]") {
    Fixture fixture;
    auto metadata = fixture.metadata();
    const auto none = metadata.get("/latest/meta-data/none");
    REQUIRE_FALSE(none);
    CHECK(none.error().text() == "instance metadata: has no /latest/meta-data/none");
    CHECK(metadata.get(id) == "i-0123");
}

TEST_CASE("a token that does not come through hints at the hop limit, then silence",
          "[aws][metadata]") {
    Fixture fixture;
    fixture.service.token_status = 0;
    auto metadata = fixture.metadata();
    const auto lost = metadata.get(id);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().why.find("hop limit") != std::string::npos);
    CHECK(fixture.tokens_asked() == 3);
    CHECK_FALSE(metadata.get(id));
    CHECK(fixture.tokens_asked() == 3); // not asked again for a minute
}

TEST_CASE("version 1 only on request", "[aws][metadata]") {
    Fixture fixture;
    fixture.service.token_status = 404;
    {
        auto metadata = fixture.metadata();
        const auto refused = metadata.get(id);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().why.find("--imds-v1") != std::string::npos);
    }
    fixture.options.imds_v1 = true;
    auto metadata = fixture.metadata();
    CHECK(metadata.get(id) == "i-0123");
    CHECK_FALSE(fixture.server.requests().back().headers.contains("x-aws-ec2-metadata-token"));
    fixture.service.token_status = 200; // version 2 where there is one
    auto other = fixture.metadata();
    CHECK(other.get(id) == "i-0123");
    CHECK(fixture.server.requests().back().headers.contains("x-aws-ec2-metadata-token"));
}

TEST_CASE("turned off, on the instance or by the environment", "[aws][metadata]") {
    Fixture fixture;
    fixture.service.token_status = 403;
    auto metadata = fixture.metadata();
    const auto off = metadata.get(id);
    REQUIRE_FALSE(off);
    CHECK(off.error().why.find("turned off") != std::string::npos);
    const auto asked = fixture.server.requests().size();
    auto disabled = fixture.metadata({{"AWS_EC2_METADATA_DISABLED", "True"}});
    const auto never = disabled.get(id);
    REQUIRE_FALSE(never);
    CHECK(never.error().why.find("AWS_EC2_METADATA_DISABLED") != std::string::npos);
    CHECK(fixture.server.requests().size() == asked);
}

TEST_CASE("a busy metadata service is asked three times", "[aws][metadata]") {
    const Directory home;
    std::atomic<int> busy = 2;
    HttpDouble server([&busy](const Request &request) {
        if (busy-- > 0)
            return HttpDouble::answer(503, "");
        return HttpDouble::answer(200, request.method == "PUT" ? "t" : "value");
    });
    const auto environment =
        aws_test::environment(home, {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}});
    HttpClient http({});
    Metadata metadata(environment, http);
    CHECK(metadata.get(id) == "value");
}

TEST_CASE("metadata never goes through a proxy", "[aws][metadata]") {
    Fixture fixture;
    HttpDouble proxy([](const Request &) { return HttpDouble::answer(200, "proxy"); });
    auto environment = aws_test::environment(
        fixture.home,
        {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", fixture.server.url()}, {"http_proxy", proxy.url()}});
    HttpClient http(http_options(environment, ""));
    Metadata metadata(environment, http);
    CHECK(metadata.get(id) == "i-0123");
    CHECK(proxy.requests().empty());
}
