// SPDX-License-Identifier: GPL-2.0-only
#include "aws/credential_reply.h"

#include "aws/secret.h"
#include "aws/time.h"
#include "aws/xml.h"
#include "base/excerpt.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <utility>

namespace hostav {

namespace {

bool is_printable(const std::string &text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

Result<void> set_expiration(AwsCredentials &credentials, const std::string &text) {
    if (text.empty())
        return {};
    const auto time = parse_iso_time(text);
    if (!time)
        return fail(credentials.source, "its Expiration is no time");
    credentials.expiration = *time;
    return {};
}

} // namespace

Result<AwsCredentials> checked(AwsCredentials credentials) {
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
        return fail(credentials.source, credentials.access_key_id.empty()
                                            ? "has no access key id"
                                            : "has no secret access key");
    for (const auto *part :
         {&credentials.access_key_id, &credentials.secret_access_key, &credentials.session_token})
        if (!is_printable(*part))
            return fail(credentials.source, "a key has a blank or a control character in it");
    return credentials;
}

Result<AwsCredentials> credentials_from_json(std::string &text, const char *token,
                                             const std::string &source) {
    const Overwriter gone(text);
    auto fields = parse_json_fields(text, source);
    if (!fields)
        return std::unexpected(fields.error());
    AwsCredentials credentials;
    credentials.source = source;
    // What the metadata service says beside an answer that it could not give.
    if (const auto code = text_field(*fields, "Code"); !code.empty() && code != "Success")
        return fail(source, excerpt(code + " " + text_field(*fields, "Message")));
    credentials.access_key_id = std::move((*fields)["AccessKeyId"]);
    credentials.secret_access_key = std::move((*fields)["SecretAccessKey"]);
    credentials.session_token = std::move((*fields)[token]);
    if (auto set = set_expiration(credentials, text_field(*fields, "Expiration")); !set)
        return std::unexpected(set.error());
    return checked(std::move(credentials));
}

Result<AwsCredentials> credentials_from_xml(std::string &text, const std::string &source) {
    const Overwriter gone(text);
    AwsCredentials credentials;
    credentials.source = source;
    credentials.access_key_id = xml_text(text, "AccessKeyId");
    credentials.secret_access_key = xml_text(text, "SecretAccessKey");
    credentials.session_token = xml_text(text, "SessionToken");
    if (auto set = set_expiration(credentials, xml_text(text, "Expiration")); !set)
        return std::unexpected(set.error());
    return checked(std::move(credentials));
}

} // namespace hostav
