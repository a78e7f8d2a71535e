// SPDX-License-Identifier: GPL-2.0-only
#include "aws/credential_sources.h"

#include "aws/container_credentials.h"
#include "aws/credential_reply.h"
#include "aws/secret.h"
#include "aws/small_file.h"
#include "aws/sts.h"
#include "base/ascii.h"
#include "base/text.h"

#include <functional>
#include <utility>

namespace hostav {

namespace {

Result<CredentialPlace> found(Result<AwsCredentials> credentials) {
    if (!credentials)
        return std::unexpected(credentials.error());
    return CredentialPlace{std::move(*credentials), {}};
}

CredentialPlace lacking(std::string what) {
    return {std::nullopt, std::move(what)};
}

} // namespace

CredentialSources::CredentialSources(const Parts &parts, AwsProfiles profiles)
    : parts_(parts), profiles_(std::move(profiles)) {}

Result<CredentialPlace> CredentialSources::environment() const {
    const auto &variables = parts_.environment.variables;
    AwsCredentials credentials;
    credentials.source = "environment";
    credentials.access_key_id = variables("AWS_ACCESS_KEY_ID");
    credentials.secret_access_key = variables("AWS_SECRET_ACCESS_KEY");
    credentials.session_token = variables("AWS_SESSION_TOKEN");
    if (credentials.session_token.empty())
        credentials.session_token = variables("AWS_SECURITY_TOKEN");
    if (credentials.access_key_id.empty() && credentials.secret_access_key.empty())
        return lacking("environment: no AWS_ACCESS_KEY_ID");
    return found(checked(std::move(credentials)));
}

Result<CredentialPlace> CredentialSources::role_by_token(const std::string &arn,
                                                         const std::string &session_name,
                                                         const std::string &file,
                                                         const std::string &source) const {
    auto text = read_small_file(file, true);
    if (!text)
        return std::unexpected(text.error());
    if (!*text)
        return fail(source, "no token file " + escape_path(file));
    const Overwriter gone(**text);
    std::string token(trimmed(**text));
    const Overwriter gone_too(token);
    return found(assume_role_with_web_identity(
        {parts_.environment, profiles_, parts_.http, parts_.region, parts_.now},
        {arn, session_name, {}, {}}, token, source));
}

Result<CredentialPlace> CredentialSources::web_identity() const {
    const auto &variables = parts_.environment.variables;
    const auto file = variables("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (file.empty())
        return lacking("web identity: no AWS_WEB_IDENTITY_TOKEN_FILE");
    const auto arn = variables("AWS_ROLE_ARN");
    if (arn.empty())
        return fail("web identity", "AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN");
    return role_by_token(arn, variables("AWS_ROLE_SESSION_NAME"), file,
                         "web identity as " + escape_path(arn));
}

Result<CredentialPlace> CredentialSources::container() const {
    auto credentials = container_credentials(parts_.environment, parts_.http);
    if (!credentials)
        return std::unexpected(credentials.error());
    if (!*credentials)
        return lacking("container: no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI");
    return CredentialPlace{std::move(*credentials), {}};
}

Result<CredentialPlace> CredentialSources::instance() const {
    const std::string path = "/latest/meta-data/iam/security-credentials/";
    const auto roles = parts_.metadata.get(path);
    if (!roles)
        return lacking(roles.error().text());
    const auto role = std::string(trimmed(split(*roles, '\n').front()));
    if (role.empty())
        return lacking("instance metadata: the instance has no role");
    auto text = parts_.metadata.get(path + role);
    if (!text)
        return lacking(text.error().text());
    return found(credentials_from_json(*text, "Token", "instance role " + escape_path(role)));
}

Result<AwsCredentials> CredentialSources::find() {
    const auto &environment = parts_.environment;
    std::vector<std::function<Result<CredentialPlace>()>> places;
    // A profile that an option names comes before what the environment says.
    if (!environment.profile_by_option) {
        places.emplace_back([this] { return this->environment(); });
        places.emplace_back([this] { return web_identity(); });
    }
    places.emplace_back([this, &environment] { return profile(environment.profile); });
    places.emplace_back([this] { return container(); });
    places.emplace_back([this] { return instance(); });
    std::string lacks;
    for (const auto &place : places) {
        auto looked = place();
        if (!looked)
            return std::unexpected(looked.error());
        if (looked->found)
            return std::move(*looked->found);
        lacks += (lacks.empty() ? "" : "; ") + looked->lacks;
    }
    return fail("no credentials", lacks);
}

} // namespace hostav
