// SPDX-License-Identifier: GPL-2.0-only
//
// CredentialSources::profile(): keys, roles and programs of a profile. A role comes before keys of
// the same profile, as in AWS's tools.
#include "aws/credential_process.h"
#include "aws/credential_reply.h"
#include "aws/credential_sources.h"
#include "aws/sts.h"
#include "base/text.h"

#include <algorithm>
#include <utility>

namespace hostav {

namespace {

std::string label(const std::string &name) {
    return "profile " + escape_path(name);
}

} // namespace

Result<CredentialPlace> CredentialSources::static_keys(const std::string &name) const {
    AwsCredentials credentials;
    credentials.source = label(name);
    credentials.access_key_id = profiles_.value(name, "aws_access_key_id");
    credentials.secret_access_key = profiles_.value(name, "aws_secret_access_key");
    credentials.session_token = profiles_.value(name, "aws_session_token");
    if (credentials.access_key_id.empty() && credentials.secret_access_key.empty())
        return CredentialPlace{std::nullopt, credentials.source + ": no keys"};
    auto whole = checked(std::move(credentials));
    if (!whole)
        return std::unexpected(whole.error());
    return CredentialPlace{std::move(*whole), {}};
}

/// Whose credentials ask for the role.
Result<AwsCredentials> CredentialSources::role_base(const std::string &name) {
    const auto from_profile = profiles_.value(name, "source_profile");
    const auto from_place = profiles_.value(name, "credential_source");
    Result<CredentialPlace> base = CredentialPlace{};
    if (from_profile.empty() == from_place.empty())
        return fail(label(name), "role_arn needs source_profile or credential_source, one of them");
    if (!from_profile.empty())
        base = from_profile == name ? static_keys(name) : profile(from_profile);
    else if (from_place == "Environment")
        base = environment();
    else if (from_place == "Ec2InstanceMetadata")
        base = instance();
    else if (from_place == "EcsContainer")
        base = container();
    else
        return fail(label(name), "credential_source " + escape_path(from_place) +
                                     " is none of Environment, Ec2InstanceMetadata, EcsContainer");
    if (!base)
        return std::unexpected(base.error());
    if (!base->found)
        return fail(label(name), "no credentials to assume its role with: " + base->lacks);
    return std::move(*base->found);
}

Result<CredentialPlace> CredentialSources::role(const std::string &name) {
    const auto value = [&](const char *key) { return profiles_.value(name, key); };
    const auto arn = value("role_arn");
    const auto source = "role " + escape_path(arn) + " of " + label(name);
    if (const auto file = value("web_identity_token_file"); !file.empty())
        return role_by_token(arn, value("role_session_name"), file, source);
    if (!value("mfa_serial").empty())
        return fail(label(name), "mfa_serial needs a code from a person: no service can use it");
    if (std::ranges::find(visited_, name) != visited_.end())
        return fail(label(name), "source_profile leads back to it");
    visited_.push_back(name);
    const auto base = role_base(name);
    if (!base)
        return std::unexpected(base.error());
    auto credentials = assume_role(
        {parts_.environment, profiles_, parts_.http, parts_.region, parts_.now},
        {arn, value("role_session_name"), value("external_id"), value("duration_seconds")}, *base,
        source);
    if (!credentials)
        return std::unexpected(credentials.error());
    return CredentialPlace{std::move(*credentials), {}};
}

Result<CredentialPlace> CredentialSources::profile(const std::string &name) {
    const auto &environment = parts_.environment;
    const auto files =
        escape_path(environment.config_file) + " and " + escape_path(environment.credentials_file);
    const auto there = profiles_.profiles.find(name);
    if (there == profiles_.profiles.end()) {
        if (name == "default")
            return CredentialPlace{std::nullopt, "no profile default in " + files};
        return std::unexpected(check_profile(environment, profiles_, name).error());
    }
    if (!profiles_.value(name, "role_arn").empty())
        return role(name);
    auto keys = static_keys(name);
    if (!keys || keys->found)
        return keys;
    if (const auto line = profiles_.value(name, "credential_process"); !line.empty()) {
        auto credentials = credentials_of_process(line, label(name));
        if (!credentials)
            return std::unexpected(credentials.error());
        return CredentialPlace{std::move(*credentials), {}};
    }
    const bool sso = std::ranges::any_of(
        there->second, [](const auto &entry) { return entry.first.starts_with("sso_"); });
    if (sso)
        return fail(label(name), "only knows single sign-on (sso_…), which needs a person: use "
                                 "keys, a role or credential_process");
    return CredentialPlace{std::nullopt,
                           label(name) + " of " + files + ": no keys, role or credential_process"};
}

} // namespace hostav
