// SPDX-License-Identifier: GPL-2.0-only
//
// Signature version 4 against vectors that botocore made (tests/cli/aws-signer.sh asks it about
// many more requests).
#include "aws/form.h"
#include "aws/secret.h"
#include "aws/signer.h"
#include "aws/time.h"
#include "base/digest.h"
#include "base/text.h"
#include "tests/support/catch.h"

using namespace hostav;

namespace {

constexpr std::time_t then = 1767323045; // 2026-01-02T03:04:05Z

AwsCredentials example() {
    AwsCredentials credentials;
    credentials.access_key_id = "AKIDEXAMPLE";
    credentials.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    return credentials;
}

SigningRequest request(const std::string &service, std::vector<std::string> headers,
                       std::string_view body) {
    SigningRequest to_sign;
    to_sign.host = service + ".eu-west-1.amazonaws.com";
    to_sign.region = "eu-west-1";
    to_sign.service = service;
    to_sign.headers = std::move(headers);
    to_sign.body = body;
    to_sign.now = then;
    return to_sign;
}

std::string authorization(const std::string &service, const std::string &names,
                          const std::string &signature) {
    return "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/" + service +
           "/aws4_request, SignedHeaders=" + names + ", Signature=" + signature;
}

} // namespace

TEST_CASE("PutLogEvents is signed as botocore signs it", "[aws][signer]") {
    const auto headers =
        sign_request(request("logs",
                             {"Content-Type: application/x-amz-json-1.1",
                              "X-Amz-Target: Logs_20140328.PutLogEvents"},
                             R"({"logGroupName":"g","logStreamName":"s","logEvents":)"
                             R"([{"timestamp":1767323045000,"message":"/a: Eicar FOUND"}]})"),
                     example());
    CHECK(headers ==
          std::vector<std::string>{
              "X-Amz-Date: 20260102T030405Z",
              authorization("logs", "content-type;host;x-amz-date;x-amz-target",
                            "cbcb6cd554ac107fe955414b5d01bbceaf07827fd14e9c8dc80e82a153cc6091")});
}

TEST_CASE("a session token and a compressed body are signed", "[aws][signer]") {
    auto credentials = example();
    credentials.session_token = "tok/+==";
    const auto headers =
        sign_request(request("logs",
                             {"Content-Type: application/x-amz-json-1.1", "Content-Encoding: gzip",
                              "X-Amz-Target: Logs_20140328.PutLogEvents"},
                             "{}"),
                     credentials);
    CHECK(headers ==
          std::vector<std::string>{
              "X-Amz-Date: 20260102T030405Z", "X-Amz-Security-Token: tok/+==",
              authorization(
                  "logs",
                  "content-encoding;content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
                  "e7fa458c5b87dcfc36bad403c1a7647ee4698aae4d4e93fe708f1bdb6c8b045d")});
}

TEST_CASE("PutMetricData and CreateTopic are signed as botocore signs them", "[aws][signer]") {
    CHECK(sign_request(request("monitoring",
                               {"Content-Type: application/x-amz-json-1.0",
                                "X-Amz-Target: GraniteServiceVersion20100801.PutMetricData"},
                               R"({"Namespace":"N","MetricData":[{"MetricName":"m","Value":1}]})"),
                       example())
              .back() ==
          authorization("monitoring", "content-type;host;x-amz-date;x-amz-target",
                        "f29275827a1e8e372b28dc7f9d81bcf06d0508692d7712971acd26b63ee7e966"));
    CHECK(sign_request(
              request(
                  "sns", {std::string("Content-Type: ") + form_content_type},
                  form_body({{"Action", "CreateTopic"}, {"Name", "t"}, {"Version", "2010-03-31"}})),
              example())
              .back() ==
          authorization("sns", "content-type;host;x-amz-date",
                        "24c6e3a1c15dd3dcb5052f5d60e7e6a373ae8eb87e5b3c563f8f007796e2586d"));
}

TEST_CASE("what does not change a request does not change its signature", "[aws][signer]") {
    const auto plain =
        sign_request(request("logs", {"A: x y", "B: 1,2"}, "body"), example()).back();
    CHECK(
        sign_request(request("logs", {"b:1", "a:   x \t y  ", "B: 2"}, "body"), example()).back() ==
        plain);
    CHECK(sign_request(request("logs", {"A: x y", "B: 1,2"}, "Body"), example()).back() != plain);
}

TEST_CASE("HMAC-SHA-256 as RFC 4231 has it", "[aws][digest]") {
    CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(hmac_sha256(std::string(131, '\xaa'),
                          "Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("forms are encoded as RFC 3986 says", "[aws][form]") {
    CHECK(form_body({{"A.b", "x y+z/~_-."}, {"\xC3\xA9", "&=%"}}) ==
          "A.b=x%20y%2Bz%2F~_-.&%C3%A9=%26%3D%25");
    CHECK(form_body({}).empty());
}

TEST_CASE("AWS's times, there and back", "[aws][time]") {
    CHECK(amz_date(then) == "20260102T030405Z");
    CHECK(amz_date(0) == "19700101T000000Z");
    CHECK(parse_iso_time("2026-01-02T03:04:05Z") == then);
    CHECK(parse_iso_time("2026-01-02T03:04:05.678Z") == then);
    CHECK(parse_iso_time("2026-01-02T05:34:05+02:30") == then);
    CHECK(parse_iso_time("2026-01-01T22:04:05-0500") == then);
    for (const auto *bad :
         {"", "2026-01-02", "2026-13-02T03:04:05Z", "2026-02-29T03:04:05Z", "2026-01-02T24:04:05Z",
          "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx",
          "2026-01-02 03:04:05Z", "-026-01-02T03:04:05Z"})
        CHECK_FALSE(parse_iso_time(bad));
}

TEST_CASE("credentials that are given up leave no key behind", "[aws][signer]") {
    std::string secret = "a secret that is longer than the short string";
    const char *where = secret.data();
    overwrite(secret);
    CHECK(secret.empty());
    CHECK(std::string(where, 8) == std::string(8, '\0')); // the buffer is still its own

    auto one = example();
    AwsCredentials other;
    other.access_key_id = "B";
    other.source = "elsewhere";
    one = other;
    CHECK(one.access_key_id == "B");
    CHECK(one.secret_access_key.empty());
    CHECK(other.source == "elsewhere");
    other = example();
    CHECK(other.access_key_id == "AKIDEXAMPLE");
    CHECK(other.source.empty());
}
