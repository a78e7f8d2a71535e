// SPDX-License-Identifier: GPL-2.0-only
#include "aws/environment.h"

#include <array>
#include <cstdlib>
#include <pwd.h>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

/// A service of systemd's has no HOME.
std::string home(const Variables &variables) {
    if (auto named = variables("HOME"); !named.empty())
        return named;
    std::array<char, 4096> buffer{};
    passwd entry = {};
    passwd *found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return "/";
    return found->pw_dir;
}

std::string file_of(const Variables &variables, const char *variable, const char *otherwise) {
    auto path = variables(variable);
    if (path.empty())
        path = otherwise;
    if (path.starts_with("~/"))
        path = home(variables) + path.substr(1);
    return path;
}

/// The first that is set.
std::string first_of(const Variables &variables, std::initializer_list<const char *> names) {
    for (const auto *name : names)
        if (auto value = variables(name); !value.empty())
            return value;
    return {};
}

} // namespace

void add_aws_options(CommandLine &line, AwsOptions &options) {
    line.group("AWS");
    line.text("region", 0, options.region, "NAME", "region, such as eu-west-1");
    line.text("profile", 0, options.profile, "NAME", "profile of the configuration files");
    line.text("endpoint-url", 0, options.endpoint_url, "URL", "Where the service is");
    line.text("aws-config", 0, options.config_file, "FILE",
              "An awscli.conf, or any configuration file of AWS's tools");
    line.text("ca-bundle", 0, options.ca_bundle, "FILE",
              "Certificates to trust instead of the system's");
    line.flag("imds-v1", 0, options.imds_v1,
              "Use version 1 of instance metadata where 2 does not answer");
    line.flag("fips", 0, options.fips, "Use the endpoint with validated cryptography");
    line.flag("dual-stack", 0, options.dual_stack, "Use the endpoint that also has IPv6 addresses");
}

Variables environment_variables() {
    return [](const char *name) {
        const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
        return std::string(value == nullptr ? "" : value);
    };
}

AwsEnvironment aws_environment(const AwsOptions &options, Variables variables) {
    AwsEnvironment environment;
    environment.options = options;
    environment.config_file =
        options.config_file.value_or(file_of(variables, "AWS_CONFIG_FILE", "~/.aws/config"));
    environment.credentials_file =
        file_of(variables, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    environment.profile_by_option = options.profile.has_value();
    environment.profile =
        options.profile.value_or(first_of(variables, {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}));
    if (environment.profile.empty())
        environment.profile = "default";
    environment.variables = std::move(variables);
    return environment;
}

HttpClientOptions http_options(const AwsEnvironment &environment, const std::string &user_agent) {
    const auto &variables = environment.variables;
    HttpClientOptions options;
    options.user_agent = user_agent;
    options.ca_bundle = environment.options.ca_bundle.value_or(variables("AWS_CA_BUNDLE"));
    options.http_proxy = first_of(variables, {"http_proxy", "HTTP_PROXY"});
    options.https_proxy = first_of(variables, {"https_proxy", "HTTPS_PROXY"});
    options.no_proxy = first_of(variables, {"no_proxy", "NO_PROXY"});
    return options;
}

} // namespace hostav
