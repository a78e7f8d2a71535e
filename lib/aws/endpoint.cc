// SPDX-License-Identifier: GPL-2.0-only
#include "aws/endpoint.h"

#include "base/ascii.h"
#include "base/text.h"
#include "net/http.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hostav {

namespace {

/// A partition by what its regions begin with, its name, and its names in the DNS; botocore's
/// partitions.json has them.
struct Partition {
    std::string_view prefix, name, suffix, dual_stack_suffix;
};
constexpr std::array<Partition, 8> partitions = {
    {{"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
     {"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
     {"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
     {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
     {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
     {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
     {"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
     {"", "aws", "amazonaws.com", "api.aws"}}};

const Partition &partition_of(const std::string &region) {
    return *std::ranges::find_if(
        partitions, [&region](const auto &one) { return region.starts_with(one.prefix); });
}

bool is_region(const std::string &name) {
    constexpr std::size_t longest_label = 63; // RFC 1035
    return !name.empty() && name.size() <= longest_label && name.front() != '-' &&
           name.back() != '-' && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

/// By option, by variable, by the profile's key.
bool is_on(bool option, const std::string &variable, const std::string &key) {
    return option || parse_bool(variable.empty() ? key : variable).value_or(false);
}

struct Named {
    std::string from, url;
};

/// What somebody configured, the most particular first; an empty URL: nobody did.
Named configured(const AwsEnvironment &environment, const AwsProfiles &profiles,
                 const AwsService &service) {
    // The option means the service that the tool is about, as with AWS's own; roles are STS's.
    if (environment.options.endpoint_url && std::string_view(service.prefix) != sts_service.prefix)
        return {"--endpoint-url", *environment.options.endpoint_url};
    const auto &profile = environment.profile;
    const auto &variables = environment.variables;
    if (is_on(false, variables("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
              profiles.value(profile, "ignore_configured_endpoint_urls")))
        return {};
    const auto of_service = std::string("AWS_ENDPOINT_URL_") + service.variable;
    for (const auto &variable : {of_service, std::string("AWS_ENDPOINT_URL")})
        if (auto url = variables(variable.c_str()); !url.empty())
            return {variable, std::move(url)};
    const auto section = profiles.services.find(profiles.value(profile, "services"));
    if (section != profiles.services.end())
        if (const auto key = section->second.find(lower_ascii(service.variable) + ".endpoint_url");
            key != section->second.end())
            return {"[services " + escape_path(section->first) + "]", key->second};
    return {"endpoint_url of profile " + escape_path(profile),
            profiles.value(profile, "endpoint_url")};
}

std::string by_rule(const AwsService &service, const std::string &region, bool fips,
                    bool dual_stack) {
    const auto &partition = partition_of(region);
    const std::string prefix = service.prefix;
    // All endpoints of GovCloud are validated; a name of its own they have only beside the dual
    // stack's, where CloudWatch has none either.
    const bool own_name =
        fips && (!region.starts_with("us-gov-") || (dual_stack && prefix != "monitoring"));
    return "https://" + prefix + (own_name ? "-fips." : ".") + region + "." +
           std::string(dual_stack ? partition.dual_stack_suffix : partition.suffix);
}

} // namespace

Result<std::string> find_region(const AwsEnvironment &environment, const AwsProfiles &profiles,
                                Metadata &metadata) {
    if (environment.options.region)
        return *environment.options.region;
    for (const auto *variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
        if (auto region = environment.variables(variable); !region.empty())
            return region;
    if (auto region = profiles.value(environment.profile, "region"); !region.empty())
        return region;
    auto document = metadata.identity_document();
    if (document && !(*document)["region"].empty())
        return (*document)["region"];
    return fail(
        "region",
        "not known: give --region or AWS_REGION, or `region = NAME` in profile " +
            escape_path(environment.profile) + " of " + escape_path(environment.config_file) +
            " (" + (document ? "the instance's metadata has none" : document.error().text()) + ")");
}

Result<std::string> find_signing_region(const AwsEnvironment &environment,
                                        const AwsProfiles &profiles, Metadata &metadata,
                                        const AwsService &service) {
    constexpr const char *any = "us-east-1";
    auto region = find_region(environment, profiles, metadata);
    if (!region && !configured(environment, profiles, service).url.empty())
        return any;
    return region;
}

Result<std::string> find_endpoint(const AwsEnvironment &environment, const AwsProfiles &profiles,
                                  const AwsService &service, const std::string &region) {
    // A request is signed for a region wherever it goes.
    if (!is_region(region))
        return fail("region", escape_path(region) + " cannot be a region's name");
    if (const auto named = configured(environment, profiles, service); !named.url.empty()) {
        if (const auto parts = split_url(named.url); !parts)
            return fail(named.from, printable_url(named.url) + " " + parts.error().why);
        return named.url;
    }
    const auto &profile = environment.profile;
    const bool fips =
        is_on(environment.options.fips, environment.variables("AWS_USE_FIPS_ENDPOINT"),
              profiles.value(profile, "use_fips_endpoint"));
    const bool dual_stack =
        is_on(environment.options.dual_stack, environment.variables("AWS_USE_DUALSTACK_ENDPOINT"),
              profiles.value(profile, "use_dualstack_endpoint"));
    return by_rule(service, region, fips, dual_stack);
}

Result<void> check_aws_options(const AwsOptions &options, const AwsService &service) {
    const AwsEnvironment alone{
        options, [](const char *) { return std::string(); }, "", "", "default", false};
    const auto endpoint = find_endpoint(alone, {}, service, options.region.value_or("us-east-1"));
    return endpoint ? Result<void>{} : std::unexpected(endpoint.error());
}

std::string partition_name(const std::string &region) {
    return std::string(partition_of(region).name);
}

} // namespace hostav
