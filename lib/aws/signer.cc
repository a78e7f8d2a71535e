// SPDX-License-Identifier: GPL-2.0-only
#include "aws/signer.h"

#include "aws/form.h"
#include "aws/secret.h"
#include "aws/time.h"
#include "base/ascii.h"
#include "base/digest.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <utility>

namespace hostav {

namespace {

constexpr const char *algorithm = "AWS4-HMAC-SHA256";

void swap_all(AwsCredentials &a, AwsCredentials &b) {
    std::swap(a.access_key_id, b.access_key_id);
    std::swap(a.secret_access_key, b.secret_access_key);
    std::swap(a.session_token, b.session_token);
    std::swap(a.expiration, b.expiration);
    std::swap(a.source, b.source);
}

template <typename Pieces>
std::string join(const Pieces &pieces, std::string_view between) {
    std::string text;
    for (const auto &piece : pieces) {
        if (&piece != &*pieces.begin())
            text += between;
        text += piece;
    }
    return text;
}

/// Blanks at the ends go, those inside become one.
std::string collapsed(std::string_view value) {
    std::string text;
    for (const char c : value) {
        const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (!blank)
            text += c;
        else if (!text.empty() && text.back() != ' ')
            text += ' ';
    }
    if (text.ends_with(' '))
        text.pop_back();
    return text;
}

/// Without `.`, `..` and repeated slashes. It is as it will be sent, encoded already: services
/// other than S3 see it encoded a second time.
std::string canonical_path(std::string_view path) {
    std::vector<std::string_view> kept;
    for (const auto piece : split(path, '/')) {
        if (piece.empty() || piece == ".")
            continue;
        if (piece != "..")
            kept.push_back(piece);
        else if (!kept.empty())
            kept.pop_back();
    }
    const bool directory = path.ends_with('/') && !kept.empty();
    return percent_encoded("/" + join(kept, "/") + (directory ? "/" : ""), "/");
}

/// Sorted by name, then value, as encoded.
std::string canonical_query(std::string_view query) {
    if (query.empty())
        return {};
    std::vector<std::pair<std::string_view, std::string_view>> parameters;
    for (const auto pair : split(query, '&')) {
        const auto equals = pair.find('=');
        parameters.emplace_back(pair.substr(0, equals), equals == std::string_view::npos
                                                            ? std::string_view()
                                                            : pair.substr(equals + 1));
    }
    std::ranges::sort(parameters);
    std::vector<std::string> texts;
    texts.reserve(parameters.size());
    for (const auto &[name, value] : parameters)
        texts.push_back(std::string(name) + "=" + std::string(value));
    return join(texts, "&");
}

/// Name in lower case -> value; several of one name joined by a comma, in order.
std::map<std::string, std::string> canonical_headers(const std::vector<std::string> &headers) {
    std::map<std::string, std::string> canonical;
    for (const auto &line : headers) {
        const auto colon = line.find(':');
        auto name = lower_ascii(line.substr(0, colon));
        auto value = colon == std::string::npos ? std::string() : collapsed(line.substr(colon + 1));
        auto [place, added] = canonical.try_emplace(std::move(name), value);
        if (!added)
            place->second += "," + value;
    }
    return canonical;
}

std::string signing_key(const SigningRequest &request, const AwsCredentials &credentials,
                        const std::string &day) {
    std::string key = "AWS4" + credentials.secret_access_key;
    for (const std::string_view part :
         {std::string_view(day), std::string_view(request.region),
          std::string_view(request.service), std::string_view("aws4_request")}) {
        auto next = hmac_sha256(key, part);
        overwrite(key);
        key = std::move(next);
    }
    return key;
}

} // namespace

AwsCredentials &AwsCredentials::operator=(const AwsCredentials &other) {
    AwsCredentials copy(other);
    swap_all(*this, copy); // what was here goes, overwritten, with the copy
    return *this;
}

AwsCredentials &AwsCredentials::operator=(AwsCredentials &&other) noexcept {
    AwsCredentials taken(std::move(other));
    swap_all(*this, taken);
    return *this;
}

AwsCredentials::~AwsCredentials() {
    overwrite(secret_access_key);
    overwrite(session_token);
    overwrite(access_key_id);
}

std::vector<std::string> sign_request(const SigningRequest &request,
                                      const AwsCredentials &credentials) {
    const auto date = amz_date(request.now);
    const auto day = date.substr(0, date.find('T'));
    std::vector<std::string> added = {"X-Amz-Date: " + date};
    if (!credentials.session_token.empty())
        added.push_back("X-Amz-Security-Token: " + credentials.session_token);

    auto to_sign = request.headers;
    to_sign.push_back("host:" + request.host);
    to_sign.insert(to_sign.end(), added.begin(), added.end());
    std::vector<std::string> names;
    std::string lines;
    for (const auto &[name, value] : canonical_headers(to_sign)) {
        names.push_back(name);
        lines += name + ":" + value + "\n";
    }
    const auto signed_names = join(names, ";");
    const auto canonical = request.method + "\n" + canonical_path(request.path) + "\n" +
                           canonical_query(request.query) + "\n" + lines + "\n" + signed_names +
                           "\n" + sha256_of(request.body);
    const auto scope = day + "/" + request.region + "/" + request.service + "/aws4_request";
    const auto text =
        std::string(algorithm) + "\n" + date + "\n" + scope + "\n" + sha256_of(canonical);
    auto key = signing_key(request, credentials, day);
    const Overwriter gone(key);
    added.push_back("Authorization: " + std::string(algorithm) + " Credential=" +
                    credentials.access_key_id + "/" + scope + ", SignedHeaders=" + signed_names +
                    ", Signature=" + hex(hmac_sha256(key, text)));
    return added;
}

} // namespace hostav
