// SPDX-License-Identifier: GPL-2.0-only
//
// Where credentials come from, and when they are fetched again; the endpoints are real servers.
#include "aws/container_credentials.h"
#include "aws/credential_process.h"
#include "aws/credentials.h"
#include "aws/time.h"
#include "tests/support/aws.h"
#include "tests/support/catch.h"
#include "tests/support/http_double.h"

#include <atomic>
#include <sys/stat.h>

using namespace hostav;
using aws_test::Directory;

namespace {

using Request = HttpDouble::Request;
constexpr std::time_t then = 1767323045; // 2026-01-02T03:04:05Z

std::string iso(std::time_t time) {
    const auto t = amz_date(time);
    return t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 5) + ":" + t.substr(11, 2) +
           ":" + t.substr(13);
}

std::string json(const std::string &key, std::time_t expiration) {
    return R"({"Code":"Success","AccessKeyId":")" + key +
           R"(","SecretAccessKey":"s","Token":"t","Expiration":")" + iso(expiration) +
           R"(","LastUpdated":null})";
}

std::string xml(const std::string &key, std::time_t expiration) {
    return "<R><Result><Credentials><AccessKeyId>" + key +
           "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>a+b/&amp;=</"
           "SessionToken>"
           "<Expiration>" +
           iso(expiration) + "</Expiration></Credentials></Result></R>";
}

/// STS, the metadata service and a container's endpoint at once.
struct Cloud {
    Directory home;
    std::atomic<int> fetches = 0;
    std::atomic<std::time_t> life = 3600; ///< of what is handed out, from `then`
    std::atomic<bool> broken = false;
    HttpDouble server{[this](const Request &request) { return answer(request); }};
    aws_test::Table table{{"AWS_ENDPOINT_URL_STS", server.url()},
                          {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}};
    AwsOptions options;
    std::unique_ptr<AwsEnvironment> environment;
    HttpClient http{{}};
    std::unique_ptr<Metadata> metadata;
    std::unique_ptr<Credentials> credentials;

    std::string answer(const Request &request) {
        if (request.method == "PUT")
            return HttpDouble::answer(200, "token");
        if (request.path == "/latest/meta-data/iam/security-credentials/")
            return broken ? HttpDouble::answer(404, "") : HttpDouble::answer(200, "the-role\n");
        ++fetches;
        if (broken)
            return HttpDouble::answer(400, R"({"message":"out of order"})");
        const auto key = "KEY" + std::to_string(fetches);
        return HttpDouble::answer(200, request.method == "POST" ? xml(key, then + life)
                                                                : json(key, then + life));
    }
    /// A new reader of the environment as it is now.
    Result<AwsCredentials> get(std::time_t now = then) {
        environment = std::make_unique<AwsEnvironment>(aws_test::environment(home, table, options));
        metadata = std::make_unique<Metadata>(*environment, http);
        credentials = std::make_unique<Credentials>(*environment, http, *metadata, "eu-west-1");
        return credentials->get(now);
    }
    Result<AwsCredentials> again(std::time_t now) { return credentials->get(now); }
    void config(const std::string &text) { home.write(".aws/config", text); }
    Request last() { return server.requests().back(); }
};

const std::string keys = "aws_access_key_id = AKID\naws_secret_access_key = SECRET\n";

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the order of places", "[aws][credentials]") {
    Cloud cloud;
    CHECK(cloud.get()->source == "instance role the-role");
    cloud.table["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.server.url("/creds");
    CHECK(cloud.get()->source == "container credentials");
    cloud.config("[default]\n" + keys +
                 "[profile other]\naws_access_key_id = OTHER\n"
                 "aws_secret_access_key = x\n");
    CHECK(cloud.get()->source == "profile default");
    cloud.table["AWS_WEB_IDENTITY_TOKEN_FILE"] = cloud.home.write("token", "jwt\n");
    cloud.table["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
    CHECK(cloud.get()->source == "web identity as arn:aws:iam::1:role/r");
    cloud.table["AWS_ACCESS_KEY_ID"] = "ENV";
    cloud.table["AWS_SECRET_ACCESS_KEY"] = "e";
    cloud.table["AWS_PROFILE"] = "other"; // is no option
    auto found = cloud.get();
    CHECK(found->source == "environment");
    CHECK(found->session_token.empty());
    cloud.table["AWS_SECURITY_TOKEN"] = "old";
    CHECK(cloud.get()->session_token == "old");
    cloud.table["AWS_SESSION_TOKEN"] = "new";
    CHECK(cloud.get()->session_token == "new");
    cloud.options.profile = "other";
    CHECK(cloud.get()->access_key_id == "OTHER");
}

TEST_CASE("nowhere: every place and what it lacks", "[aws][credentials]") {
    Cloud cloud;
    cloud.broken = true;
    const auto none = cloud.get();
    REQUIRE_FALSE(none);
    CHECK(none.error().what == "no credentials");
    for (const auto *part : {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile default",
                             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "security-credentials"})
        CHECK(contains(none.error().why, part));
}

TEST_CASE("half set up is said, not passed over", "[aws][credentials]") {
    Cloud cloud;
    SECTION("a key without its secret") {
        cloud.table["AWS_ACCESS_KEY_ID"] = "AKID";
    }
    SECTION("a key with a line end") {
        cloud.table["AWS_ACCESS_KEY_ID"] = "AKID\r\nX: y";
        cloud.table["AWS_SECRET_ACCESS_KEY"] = "s";
    }
    SECTION("a token file without a role") {
        cloud.table["AWS_WEB_IDENTITY_TOKEN_FILE"] = cloud.home.write("token", "jwt");
    }
    SECTION("a token file that is not there") {
        cloud.table["AWS_WEB_IDENTITY_TOKEN_FILE"] = cloud.home.path("none");
        cloud.table["AWS_ROLE_ARN"] = "arn";
    }
    SECTION("a profile that is not there") {
        cloud.table["AWS_PROFILE"] = "none";
    }
    SECTION("a profile with half a key") {
        cloud.config("[default]\naws_secret_access_key = SECRET\n");
    }
    SECTION("a malformed file") {
        cloud.config("[default]\nSECRET\n");
    }
    SECTION("single sign-on") {
        cloud.config("[default]\nsso_start_url = https://x\n");
    }
    SECTION("a role without a source") {
        cloud.config("[default]\nrole_arn = arn\n");
    }
    SECTION("a role with an unknown source") {
        cloud.config("[default]\nrole_arn = arn\ncredential_source = Nowhere\n");
    }
    SECTION("a role that needs a person") {
        cloud.config("[default]\nrole_arn = arn\nsource_profile = default\nmfa_serial = x\n");
    }
    SECTION("roles in a circle") {
        cloud.config("[default]\nrole_arn = arn\nsource_profile = two\n"
                     "[profile two]\nrole_arn = arn\nsource_profile = default\n");
    }
    const auto refused = cloud.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what != "no credentials");
    CHECK_FALSE(contains(refused.error().text(), "SECRET"));
    CHECK(cloud.fetches == 0);
}

TEST_CASE("web identity asks STS without a signature", "[aws][credentials]") {
    Cloud cloud;
    cloud.table["AWS_WEB_IDENTITY_TOKEN_FILE"] = cloud.home.write("token", "e.y/J\n");
    cloud.table["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
    cloud.table["AWS_ROLE_SESSION_NAME"] = "pod";
    const auto found = cloud.get();
    REQUIRE(found);
    CHECK(found->access_key_id == "KEY1");
    CHECK(found->session_token == "a+b/&=");
    CHECK(found->expiration == then + 3600);
    const auto request = cloud.last();
    CHECK(request.body ==
          "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
          "role%2Fr&RoleSessionName=pod&WebIdentityToken=e.y%2FJ");
    CHECK_FALSE(request.headers.contains("authorization"));
    CHECK(request.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8");
}

TEST_CASE("roles of profiles: signed with what their source gives", "[aws][credentials]") {
    Cloud cloud;
    cloud.table["AWS_PROFILE"] = "p";
    const auto signer = [&cloud] {
        const auto header = cloud.last().header("authorization");
        return header.substr(0, header.find("/2"));
    };
    SECTION("another profile's keys") {
        cloud.config("[profile p]\nrole_arn = arn:r\nsource_profile = base\nexternal_id = e x\n"
                     "role_session_name = n\nduration_seconds = 900\n");
        cloud.home.write(".aws/credentials", "[base]\n" + keys);
        CHECK(cloud.get()->access_key_id == "KEY1");
        CHECK(signer() == "AWS4-HMAC-SHA256 Credential=AKID");
        CHECK(cloud.last().body == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&"
                                   "RoleSessionName=n&DurationSeconds=900&ExternalId=e%20x");
    }
    SECTION("its own keys") {
        cloud.config("[profile p]\nrole_arn = arn:r\nsource_profile = p\n" + keys);
        CHECK(cloud.get()->access_key_id == "KEY1");
        CHECK(signer() == "AWS4-HMAC-SHA256 Credential=AKID");
    }
    SECTION("another role") {
        cloud.config("[profile p]\nrole_arn = arn:r\nsource_profile = q\n"
                     "[profile q]\nrole_arn = arn:q\nsource_profile = base\n[profile base]\n" +
                     keys);
        CHECK(cloud.get()->access_key_id == "KEY2");
        CHECK(signer() == "AWS4-HMAC-SHA256 Credential=KEY1");
        CHECK(cloud.last().header("x-amz-security-token") == "a+b/&=");
    }
    SECTION("the instance") {
        cloud.config("[profile p]\nrole_arn = arn:r\ncredential_source = Ec2InstanceMetadata\n");
        CHECK(cloud.get()->access_key_id == "KEY2");
        CHECK(signer() == "AWS4-HMAC-SHA256 Credential=KEY1");
    }
    SECTION("the environment") {
        cloud.config("[profile p]\nrole_arn = arn:r\ncredential_source = Environment\n");
        cloud.options.profile = "p"; // else the environment's keys are used themselves
        cloud.table["AWS_ACCESS_KEY_ID"] = "ENV";
        cloud.table["AWS_SECRET_ACCESS_KEY"] = "e";
        CHECK(cloud.get()->access_key_id == "KEY1");
        CHECK(signer() == "AWS4-HMAC-SHA256 Credential=ENV");
    }
    SECTION("the container") {
        cloud.config("[profile p]\nrole_arn = arn:r\ncredential_source = EcsContainer\n");
        cloud.table["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.server.url("/creds");
        CHECK(cloud.get()->access_key_id == "KEY2");
        CHECK(signer() == "AWS4-HMAC-SHA256 Credential=KEY1");
    }
    SECTION("a token") {
        cloud.config("[profile p]\nrole_arn = arn:r\nweb_identity_token_file = " +
                     cloud.home.write("t", "jwt") + "\n");
        CHECK(cloud.get()->access_key_id == "KEY1");
        CHECK_FALSE(cloud.last().headers.contains("authorization"));
    }
}

TEST_CASE("STS that refuses is quoted, and a wrong clock corrected", "[aws][credentials]") {
    const Directory home;
    std::atomic<int> calls = 0;
    bool skewed = false;
    HttpDouble sts([&](const Request &) {
        if (skewed && ++calls > 1)
            return HttpDouble::answer(200, xml("OK", then + 3600));
        const std::string message =
            skewed ? "<Code>SignatureDoesNotMatch</Code><Message>Signature expired: x</Message>"
                   : "<Code>AccessDenied</Code><Message>User: u is not authorized</Message>";
        return HttpDouble::answer(403,
                                  "<ErrorResponse><Error>" + message + "</Error></ErrorResponse>",
                                  "Date: Fri, 02 Jan 2026 05:04:05 GMT\r\n");
    });
    home.write(".aws/config", "[default]\nrole_arn = arn:r\nsource_profile = default\n" + keys);
    const auto environment = aws_test::environment(
        home, {{"AWS_ENDPOINT_URL_STS", sts.url()}, {"AWS_EC2_METADATA_DISABLED", "true"}});
    HttpClient http({});
    Metadata metadata(environment, http);
    Credentials credentials(environment, http, metadata, "eu-west-1");
    SECTION("refused") {
        const auto refused = credentials.get(then);
        REQUIRE_FALSE(refused);
        CHECK(contains(refused.error().why, "AccessDenied: User: u is not authorized"));
        CHECK(contains(refused.error().what, "arn:r"));
    }
    SECTION("skewed") {
        skewed = true;
        CHECK(credentials.get(then)->access_key_id == "OK");
        CHECK(sts.requests().at(1).header("x-amz-date") == "20260102T050405Z");
    }
}

TEST_CASE("a container's endpoint: token, hosts, retries", "[aws][credentials]") {
    Cloud cloud;
    cloud.table["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.server.url("/creds?x=1");
    SECTION("without a token") {
        CHECK(cloud.get()->session_token == "t");
        CHECK(cloud.last().path == "/creds?x=1");
        CHECK_FALSE(cloud.last().headers.contains("authorization"));
    }
    SECTION("a token of the environment") {
        cloud.table["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic abc";
        CHECK(cloud.get());
        CHECK(cloud.last().header("authorization") == "Basic abc");
    }
    SECTION("a token's file, read anew each time") {
        cloud.table["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic abc";
        cloud.table["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = cloud.home.write("t", "one");
        CHECK(cloud.get());
        CHECK(cloud.last().header("authorization") == "one");
        cloud.home.write("t", "two");
        CHECK(cloud.again(then + 3600 - 60));
        CHECK(cloud.last().header("authorization") == "two");
    }
    SECTION("a token that would forge a header") {
        cloud.table["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] =
            cloud.home.write("t", "one\r\nX: y");
        const auto refused = cloud.get();
        REQUIRE_FALSE(refused);
        CHECK(refused.error().text() ==
              "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: has a line end in it");
        CHECK(cloud.fetches == 0);
    }
    SECTION("a refusal is quoted") {
        cloud.broken = true;
        const auto refused = cloud.get();
        REQUIRE_FALSE(refused);
        CHECK(contains(refused.error().text(), "out of order"));
        CHECK(cloud.fetches == 1);
    }
}

TEST_CASE("a container's endpoint is asked in clear on this machine only", "[aws][credentials]") {
    const Directory home;
    HttpClient http({});
    const auto ask = [&](const std::string &url) {
        return container_credentials(
            aws_test::environment(home, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}}), http);
    };
    for (const auto *bad :
         {"http://192.0.2.1/x", "http://127.0.0.1.evil.example/", "http://evil.example:80/",
          "http://169.254.169.254/", "ftp://localhost/", "localhost", "http://[fd00:ec2::24]/",
          "http://1270.0.1/"}) {
        const auto refused = ask(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().what == "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    }
    // Allowed, and nobody there: another failure.
    for (const auto *good : {"http://127.9.9.9:1/", "http://localhost:1/", "http://[::1]:1/"}) {
        const auto unanswered = ask(good);
        REQUIRE_FALSE(unanswered);
        CHECK(unanswered.error().what == "container credentials");
    }
    const auto relative = container_credentials(
        aws_test::environment(home, {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/"}}),
        http);
    REQUIRE_FALSE(relative);
    CHECK(contains(relative.error().why, "slash"));
    CHECK(container_credentials(aws_test::environment(home, {}), http) == std::nullopt);
}

TEST_CASE("words of a credential_process, as a shell splits them", "[aws][credentials]") {
    using Words = std::vector<std::string>;
    CHECK(split_words("  a  b\tc ") == Words{"a", "b", "c"});
    CHECK(split_words(R"("/opt/my app/x" 'a "b' "c \"d\\ \e" f\ g h''i "")") ==
          Words{"/opt/my app/x", "a \"b", "c \"d\\ \\e", "f g", "hi", ""});
    CHECK(split_words("a $HOME; b|c `d` #e") == Words{"a", "$HOME;", "b|c", "`d`", "#e"});
    CHECK_FALSE(split_words("a \"b"));
    CHECK_FALSE(split_words("a 'b"));
    CHECK_FALSE(split_words(" "));
}

TEST_CASE("a program that prints credentials", "[aws][credentials]") {
    Cloud cloud;
    const auto program = [&cloud](const std::string &body) {
        const auto path = cloud.home.write("my program", "#!/bin/sh\n" + body + "\n");
        ::chmod(path.c_str(), 0755);
        cloud.config("[default]\ncredential_process = \"" + path + "\" one 'two three'\n");
    };
    const std::string good = R"(echo '{"Version":1,"AccessKeyId":"'"$#$2"'","SecretAccessKey":"s",)"
                             R"("SessionToken":"t","Expiration":"2026-01-02T04:04:05Z"}')";
    SECTION("its output is read, not its stderr") {
        program("echo SECRET >&2\n" + good);
        const auto found = cloud.get();
        REQUIRE_FALSE(found); // the second argument has a blank, which no key has
        CHECK(contains(found.error().why, "blank"));
        program("echo SECRET >&2\nset -- $1 two\n" + good);
        const auto now = cloud.get();
        REQUIRE(now);
        CHECK(now->access_key_id == "2two");
        CHECK(now->session_token == "t");
        CHECK(now->expiration == then + 3600);
    }
    SECTION("it fails") {
        program("echo SECRET; exit 3");
        const auto failed = cloud.get();
        REQUIRE_FALSE(failed);
        CHECK(contains(failed.error().why, "exit status 3"));
        CHECK_FALSE(contains(failed.error().text(), "SECRET"));
    }
    SECTION("it prints something else") {
        program("echo SECRET");
        const auto failed = cloud.get();
        REQUIRE_FALSE(failed);
        CHECK_FALSE(contains(failed.error().text(), "SECRET"));
    }
    SECTION("another version") {
        program("echo '{\"Version\":2,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"SECRET\"}'");
        const auto failed = cloud.get();
        REQUIRE_FALSE(failed);
        CHECK(contains(failed.error().why, "Version 1"));
    }
    SECTION("it is not there") {
        cloud.config("[default]\ncredential_process = /nonexistent/program\n");
        const auto failed = cloud.get();
        REQUIRE_FALSE(failed);
        CHECK(contains(failed.error().why, "/nonexistent/program"));
    }
}

TEST_CASE("fetched again from fifteen minutes before they expire", "[aws][credentials]") {
    Cloud cloud;
    CHECK(cloud.get()->access_key_id == "KEY1");
    CHECK(cloud.again(then + 3600 - 901)->access_key_id == "KEY1");
    cloud.life = 7200;
    CHECK(cloud.again(then + 3600 - 899)->access_key_id == "KEY2");
    CHECK(cloud.again(then + 7200 - 901)->access_key_id == "KEY2");
    CHECK(cloud.fetches == 2);
}

TEST_CASE("where fetching fails the old ones are kept, and it is tried again in a while",
          "[aws][credentials]") {
    Cloud cloud;
    cloud.table["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = cloud.server.url("/creds");
    CHECK(cloud.get()->access_key_id == "KEY1");
    cloud.broken = true;
    CHECK(cloud.again(then + 2710)->access_key_id == "KEY1");
    CHECK(cloud.fetches == 2);
    CHECK(cloud.again(then + 2720)->access_key_id == "KEY1");
    CHECK(cloud.fetches == 2); // a minute's pause
    CHECK(cloud.again(then + 3010)->access_key_id == "KEY1");
    CHECK(cloud.fetches == 3);
    CHECK(cloud.again(then + 3021)->access_key_id == "KEY1");
    CHECK(cloud.fetches == 4); // ten seconds' in the last ten minutes
    const auto expired = cloud.again(then + 3601);
    REQUIRE_FALSE(expired);
    CHECK(contains(expired.error().text(), "out of order"));
    cloud.broken = false;
    cloud.life = 9999;
    CHECK_FALSE(cloud.again(then + 3602)); // a few seconds' pause
    CHECK(cloud.again(then + 3607)->access_key_id == "KEY6");
}

TEST_CASE("expired ones of the instance's role are used on", "[aws][credentials]") {
    Cloud cloud;
    cloud.life = -60;
    CHECK(cloud.get()->access_key_id == "KEY1");
    CHECK(cloud.again(then + 299)->access_key_id == "KEY1"); // not asked for 5 to 10 minutes
    CHECK(cloud.again(then + 601)->access_key_id == "KEY2");
    cloud.broken = true;
    CHECK(cloud.again(then + 9999)->access_key_id == "KEY2");
    // Of others they are a failure.
    Cloud container;
    container.life = -60;
    container.table["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container.server.url("/creds");
    const auto expired = container.get();
    REQUIRE_FALSE(expired);
    CHECK(contains(expired.error().why, "expired"));
}

TEST_CASE("refused ones are fetched again, once a few seconds", "[aws][credentials]") {
    Cloud cloud;
    CHECK(cloud.get()->access_key_id == "KEY1");
    cloud.credentials->refused();
    CHECK(cloud.again(then + 1)->access_key_id == "KEY2");
    CHECK(cloud.again(then + 1)->access_key_id == "KEY2");
    cloud.credentials->refused();
    CHECK(cloud.again(then + 2)->access_key_id == "KEY2");
    CHECK(cloud.again(then + 6)->access_key_id == "KEY3");
    CHECK(cloud.again(then + 60)->access_key_id == "KEY3");
}

TEST_CASE("a changed file counts at once", "[aws][credentials]") {
    Cloud cloud;
    cloud.home.write(".aws/credentials", "[default]\n" + keys);
    CHECK(cloud.get()->access_key_id == "AKID");
    cloud.home.write(".aws/credentials",
                     "[default]\naws_access_key_id = AKID22\naws_secret_access_key = x\n");
    CHECK(cloud.again(then)->access_key_id == "AKID22");
    cloud.home.write(".aws/credentials", "[default]\nhalf written");
    CHECK(cloud.again(then)->access_key_id == "AKID22"); // until it is whole
    std::filesystem::remove(cloud.home.path(".aws/credentials"));
    CHECK(cloud.again(then)->access_key_id == "KEY1");
}
