// SPDX-License-Identifier: GPL-2.0-only
//
// AWS's configuration files, what the environment says, regions and endpoints.
#include "aws/endpoint.h"
#include "aws/environment.h"
#include "aws/profile.h"
#include "tests/support/aws.h"
#include "tests/support/catch.h"

#include <unistd.h>

using namespace hostav;
using aws_test::Directory;
using aws_test::environment;

namespace {

/// A machine without metadata service.
const aws_test::Table no_instance = {{"AWS_EC2_METADATA_DISABLED", "true"}};

Result<std::string> endpoint(const AwsEnvironment &where, const AwsService &service,
                             const std::string &region) {
    const auto profiles = read_aws_profiles(where);
    REQUIRE(profiles);
    return find_endpoint(where, *profiles, service, region);
}

} // namespace

TEST_CASE("awslogs' awscli.conf is a configuration file", "[aws][profile]") {
    const Directory home;
    AwsOptions options;
    options.config_file = home.write("awscli.conf", "[plugins]\ncwlogs = cwlogs\n"
                                                    "[default]\nregion = ap-southeast-1\n");
    const auto where = environment(home, {}, options);
    const auto profiles = read_aws_profiles(where);
    REQUIRE(profiles);
    CHECK(profiles->value("default", "region") == "ap-southeast-1");
    CHECK_FALSE(profiles->profiles.contains("plugins"));
    HttpClient http({});
    Metadata metadata(where, http);
    CHECK(find_region(where, *profiles, metadata) == "ap-southeast-1");
}

TEST_CASE("both files in all their forms", "[aws][profile]") {
    const Directory home;
    home.write(".aws/config", "# a comment\n; another\n"
                              "[default]\r\nRegion=eu-west-1\r\n"
                              "[profile two]\n  region : us-east-1\n  output = json\n"
                              "services = local\n"
                              "[profile \"with blank\"]\nregion = eu-north-1\n"
                              "[two]\nregion = not-a-profile\n"
                              "[sso-session x]\nsso_region = y\n"
                              "[services local]\n"
                              "cloudwatch_logs =\n"
                              "  endpoint_url = http://127.0.0.1:1/\n"
                              "  # between\n"
                              "\n"
                              "  other = 2\n"
                              "sns =\n    endpoint_url = http://127.0.0.1:2/\n"
                              "[profile two]\nregion = us-east-2\n");
    home.write(".aws/credentials", "[two]\naws_access_key_id = AKID\n"
                                   "aws_secret_access_key = a=b:c#d\n"
                                   "[default]\naws_session_token = old\n");
    const auto profiles = read_aws_profiles(environment(home, {}));
    REQUIRE(profiles);
    CHECK(profiles->value("default", "region") == "eu-west-1");
    CHECK(profiles->value("two", "region") == "us-east-2"); // the last one
    CHECK(profiles->value("two", "output") == "json");
    CHECK(profiles->value("with blank", "region") == "eu-north-1");
    CHECK(profiles->value("two", "aws_secret_access_key") == "a=b:c#d");
    CHECK(profiles->value("default", "aws_session_token") == "old");
    CHECK(profiles->value("absent", "region").empty());
    CHECK(profiles->services.at("local") ==
          AwsProfile{{"cloudwatch_logs", ""},
                     {"cloudwatch_logs.endpoint_url", "http://127.0.0.1:1/"},
                     {"cloudwatch_logs.other", "2"},
                     {"sns", ""},
                     {"sns.endpoint_url", "http://127.0.0.1:2/"}});
}

TEST_CASE("keys of the credentials file are not mixed with another's token", "[aws][profile]") {
    const Directory home;
    home.write(".aws/config", "[default]\naws_access_key_id = OLD\naws_secret_access_key = old\n"
                              "aws_session_token = old\nregion = r\n");
    home.write(".aws/credentials", "[default]\naws_access_key_id = NEW\n"
                                   "aws_secret_access_key = new\n");
    const auto profiles = read_aws_profiles(environment(home, {}));
    REQUIRE(profiles);
    CHECK(profiles->profiles.at("default") == AwsProfile{{"aws_access_key_id", "NEW"},
                                                         {"aws_secret_access_key", "new"},
                                                         {"region", "r"}});
}

TEST_CASE("a bad line is told by its number, never by its text", "[aws][profile]") {
    const Directory home;
    const auto text = GENERATE(
        std::string("[default]\nregion = r\nSECRET\n"), std::string("[default]\n\n[SECRET\n"),
        std::string("# x\n\nSECRET = 1\n"), std::string("[default]\ns3 =\n  SECRET\n"),
        std::string("[default]\n\n= SECRET\n"));
    home.write(".aws/credentials", text);
    const auto profiles = read_aws_profiles(environment(home, {}));
    REQUIRE_FALSE(profiles);
    CHECK(profiles.error().what == home.path("./.aws/credentials") + ":3");
    CHECK(profiles.error().why.find("SECRET") == std::string::npos);
}

TEST_CASE("a file that is not there is empty, unless an option names it", "[aws][profile]") {
    const Directory home;
    CHECK(read_aws_profiles(environment(home, {})));
    CHECK(read_aws_profiles(environment(home, {{"AWS_CONFIG_FILE", home.path("none")}})));
    AwsOptions options;
    options.config_file = home.path("none");
    const auto absent = read_aws_profiles(environment(home, {}, options));
    REQUIRE_FALSE(absent);
    CHECK(absent.error().text() == home.path("none") + ": No such file or directory");
    options.config_file = home.path(".");
    CHECK_FALSE(read_aws_profiles(environment(home, {}, options)));
}

TEST_CASE("the environment says which files and which profile", "[aws][environment]") {
    const Directory home;
    AwsOptions options;
    auto where = environment(home, {{"HOME", "/h"}});
    CHECK(where.config_file == "/h/.aws/config");
    CHECK(where.credentials_file == "/h/.aws/credentials");
    CHECK(where.profile == "default");
    CHECK_FALSE(where.profile_by_option);
    where = environment(home, {{"HOME", "/h"},
                               {"AWS_CONFIG_FILE", "~/c"},
                               {"AWS_SHARED_CREDENTIALS_FILE", "/s"},
                               {"AWS_PROFILE", "p"},
                               {"AWS_DEFAULT_PROFILE", "q"}});
    CHECK(where.config_file == "/h/c");
    CHECK(where.credentials_file == "/s");
    CHECK(where.profile == "p");
    CHECK_FALSE(where.profile_by_option);
    options.config_file = "/o";
    options.profile = "x";
    where = environment(home, {{"AWS_CONFIG_FILE", "/c"}, {"AWS_PROFILE", "p"}}, options);
    CHECK(where.config_file == "/o");
    CHECK(where.profile == "x");
    CHECK(where.profile_by_option);
    const auto none = aws_environment({}, [](const char *) { return std::string(); });
    CHECK(none.config_file.ends_with("/.aws/config")); // the user's own directory
    CHECK_FALSE(none.config_file.starts_with("~"));
}

TEST_CASE("proxies and certificates of the environment, in either case", "[aws][environment]") {
    const Directory home;
    auto http = http_options(environment(home, {{"HTTP_PROXY", "http://a"},
                                                {"https_proxy", "http://b"},
                                                {"HTTPS_PROXY", "http://c"},
                                                {"NO_PROXY", "d"},
                                                {"AWS_CA_BUNDLE", "/ca"}}),
                             "agent/1");
    CHECK(http.http_proxy == "http://a");
    CHECK(http.https_proxy == "http://b");
    CHECK(http.no_proxy == "d");
    CHECK(http.ca_bundle == "/ca");
    CHECK(http.user_agent == "agent/1");
    AwsOptions options;
    options.ca_bundle = "/option";
    CHECK(http_options(environment(home, {{"AWS_CA_BUNDLE", "/ca"}}, options), "").ca_bundle ==
          "/option");
}

TEST_CASE("the region: option, environment, profile, instance", "[aws][endpoint]") {
    const Directory home;
    home.write(".aws/config", "[default]\nregion = from-file\n[profile p]\nregion = from-p\n");
    const auto region = [&home](aws_test::Table table, const AwsOptions &options = {}) {
        table.insert(no_instance.begin(), no_instance.end());
        const auto where = environment(home, std::move(table), options);
        HttpClient http({});
        Metadata metadata(where, http);
        return find_region(where, *read_aws_profiles(where), metadata);
    };
    CHECK(region({}) == "from-file");
    CHECK(region({{"AWS_PROFILE", "p"}}) == "from-p");
    CHECK(region({{"AWS_DEFAULT_REGION", "old"}}) == "old");
    CHECK(region({{"AWS_DEFAULT_REGION", "old"}, {"AWS_REGION", "new"}}) == "new");
    AwsOptions options;
    options.region = "given";
    CHECK(region({{"AWS_REGION", "new"}}, options) == "given");
    const auto none = region({{"AWS_PROFILE", "other"}});
    REQUIRE_FALSE(none);
    CHECK(none.error().text().find("--region") != std::string::npos);
    CHECK(none.error().text().find("AWS_EC2_METADATA_DISABLED") != std::string::npos);
}

TEST_CASE("endpoints follow the partition's rule", "[aws][endpoint]") {
    // By botocore's endpoint rules.
    struct Row {
        const AwsService &service;
        const char *region, *plain, *dual_stack, *fips, *both;
    };
    const auto row = GENERATE(values<Row>(
        {{logs_service, "eu-west-1", "logs.eu-west-1.amazonaws.com", "logs.eu-west-1.api.aws",
          "logs-fips.eu-west-1.amazonaws.com", "logs-fips.eu-west-1.api.aws"},
         {sts_service, "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com",
          "sts.us-gov-west-1.api.aws", "sts.us-gov-west-1.amazonaws.com",
          "sts-fips.us-gov-west-1.api.aws"},
         {cloudwatch_service, "us-gov-east-1", "monitoring.us-gov-east-1.amazonaws.com",
          "monitoring.us-gov-east-1.api.aws", "monitoring.us-gov-east-1.amazonaws.com",
          "monitoring.us-gov-east-1.api.aws"},
         {sns_service, "cn-north-1", "sns.cn-north-1.amazonaws.com.cn",
          "sns.cn-north-1.api.amazonwebservices.com.cn", "sns-fips.cn-north-1.amazonaws.com.cn",
          "sns-fips.cn-north-1.api.amazonwebservices.com.cn"},
         {logs_service, "us-iso-east-1", "logs.us-iso-east-1.c2s.ic.gov",
          "logs.us-iso-east-1.api.aws.ic.gov", "logs-fips.us-iso-east-1.c2s.ic.gov",
          "logs-fips.us-iso-east-1.api.aws.ic.gov"},
         {logs_service, "us-isob-east-1", "logs.us-isob-east-1.sc2s.sgov.gov",
          "logs.us-isob-east-1.api.aws.scloud", "logs-fips.us-isob-east-1.sc2s.sgov.gov",
          "logs-fips.us-isob-east-1.api.aws.scloud"},
         {logs_service, "eusc-de-east-1", "logs.eusc-de-east-1.amazonaws.eu",
          "logs.eusc-de-east-1.api.amazonwebservices.eu", "logs-fips.eusc-de-east-1.amazonaws.eu",
          "logs-fips.eusc-de-east-1.api.amazonwebservices.eu"}}));
    const Directory home;
    AwsOptions options;
    CHECK(endpoint(environment(home, {}), row.service, row.region) ==
          "https://" + std::string(row.plain));
    options.dual_stack = true;
    CHECK(endpoint(environment(home, {}, options), row.service, row.region) ==
          "https://" + std::string(row.dual_stack));
    options.fips = true;
    CHECK(endpoint(environment(home, {}, options), row.service, row.region) ==
          "https://" + std::string(row.both));
    options = {};
    CHECK(endpoint(environment(home, {{"AWS_USE_FIPS_ENDPOINT", "true"}}), row.service,
                   row.region) == "https://" + std::string(row.fips));
}

TEST_CASE("endpoints that somebody configured, the most particular first", "[aws][endpoint]") {
    const Directory home;
    home.write(".aws/config",
               "[default]\nservices = s\nendpoint_url = http://profile\n"
               "[services s]\ncloudwatch_logs =\n  endpoint_url = http://services\n");
    aws_test::Table table;
    const auto of = [&](const AwsService &service, const AwsOptions &options = {}) {
        return endpoint(environment(home, table, options), service, "eu-west-1");
    };
    CHECK(of(logs_service) == "http://services");
    CHECK(of(sns_service) == "http://profile");
    table["AWS_ENDPOINT_URL"] = "http://all";
    CHECK(of(logs_service) == "http://all");
    table["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = "http://logs:8080/x";
    CHECK(of(logs_service) == "http://logs:8080/x");
    CHECK(of(cloudwatch_service) == "http://all");
    AwsOptions options;
    options.endpoint_url = "http://[::1]:9";
    CHECK(of(logs_service, options) == "http://[::1]:9");
    table["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
    CHECK(of(logs_service) == "https://logs.eu-west-1.amazonaws.com");
    CHECK(of(logs_service, options) == "http://[::1]:9");
}

TEST_CASE("what is no endpoint or no region is refused, with where it came from",
          "[aws][endpoint]") {
    const Directory home;
    AwsOptions options;
    options.endpoint_url = "logs.example.com";
    const auto option = endpoint(environment(home, {}, options), logs_service, "eu-west-1");
    REQUIRE_FALSE(option);
    CHECK(option.error().what == "--endpoint-url");
    const auto variable = endpoint(environment(home, {{"AWS_ENDPOINT_URL", "file:///etc/passwd"}}),
                                   logs_service, "eu-west-1");
    REQUIRE_FALSE(variable);
    CHECK(variable.error().what == "AWS_ENDPOINT_URL");
    for (const auto *bad : {"", "eu-west-1.evil.example/", "EU", "a b", "-a", "a-", "a.b"})
        CHECK_FALSE(endpoint(environment(home, {}), logs_service, bad));
}
