// SPDX-License-Identifier: GPL-2.0-only
#include "aws/credentials.h"

#include "aws/credential_sources.h"
#include "aws/profile.h"
#include "aws/small_file.h"

#include <random>
#include <utility>

namespace hostav {

namespace {

// Seconds. The first two are AWS's own: from when on a refresh is tried, and from when on hard.
constexpr std::time_t advisory = 15L * 60;
constexpr std::time_t mandatory = 10L * 60;
constexpr std::time_t advisory_pause = 60;
constexpr std::time_t mandatory_pause = 10;
constexpr std::time_t short_pause = 5; // where there is nothing to go on with
// Static stability: as long as nothing better is handed out.
constexpr std::time_t stable_pause_least = 5L * 60;
constexpr std::time_t stable_pause_most = 10L * 60;

bool expires_within(const AwsCredentials &credentials, std::time_t now, std::time_t seconds) {
    return credentials.expiration != 0 && credentials.expiration - now < seconds;
}

/// What the instance's role gave is used on when it has expired: the service then decides.
bool is_stable(const AwsCredentials &credentials) {
    return credentials.source.starts_with("instance role ");
}

std::time_t pause_after(const AwsCredentials &credentials, std::time_t now) {
    if (is_stable(credentials) && expires_within(credentials, now, 0)) {
        std::random_device random;
        return std::uniform_int_distribution(stable_pause_least, stable_pause_most)(random);
    }
    return expires_within(credentials, now, mandatory) ? mandatory_pause : advisory_pause;
}

std::string files_tag(const AwsEnvironment &environment) {
    return file_tag(environment.config_file) + file_tag(environment.credentials_file);
}

} // namespace

Credentials::Credentials(const AwsEnvironment &environment, HttpClient &http, Metadata &metadata,
                         std::string region)
    : environment_(environment), http_(http), metadata_(metadata), region_(std::move(region)) {}

Result<AwsCredentials> Credentials::find(std::time_t now) {
    auto profiles = read_aws_profiles(environment_);
    if (!profiles)
        return std::unexpected(profiles.error());
    auto found =
        CredentialSources({environment_, http_, metadata_, region_, now}, std::move(*profiles))
            .find();
    if (found && expires_within(*found, now, 0) && !is_stable(*found))
        return fail(found->source, "handed out credentials that have expired");
    return found;
}

bool Credentials::usable(std::time_t now) const {
    return current_ && (is_stable(*current_) || !expires_within(*current_, now, 0));
}

/// What is answered without asking anybody.
Result<AwsCredentials> Credentials::kept(std::time_t now) const {
    if (failure_ && (refused_ || !usable(now)))
        return std::unexpected(*failure_);
    return *current_;
}

Result<AwsCredentials> Credentials::get(std::time_t now) {
    auto tag = files_tag(environment_);
    const bool changed = tag != files_tag_;
    if (!changed && current_ && !refused_ && !expires_within(*current_, now, advisory))
        return *current_;
    const auto since = refused_ ? forced_at_ : tried_at_;
    const auto pause = refused_ || !usable(now) ? short_pause : pause_;
    // A clock that was set back ends every pause.
    const bool pausing = now >= since && now - since < pause;
    if (!changed && pausing)
        return kept(now);
    if (refused_)
        forced_at_ = now;
    tried_at_ = now;
    files_tag_ = std::move(tag);
    auto found = find(now);
    if (found) {
        failure_.reset();
        refused_ = false;
        current_ = std::move(*found);
    } else {
        failure_ = found.error();
    }
    pause_ = current_ ? pause_after(*current_, now) : short_pause;
    return kept(now);
}

void Credentials::refused() {
    refused_ = true;
}

} // namespace hostav
