// SPDX-License-Identifier: GPL-2.0-only
//
// Where credentials come from, in the order of AWS's own tools: a profile named by option, the
// environment, web identity, the profile (keys, role to assume, credential_process), the container
// or EKS endpoint, the instance's role. Kept until shortly before they expire: from 15 minutes
// before, refreshing is tried, and the old ones are kept where it fails; expired ones that the
// instance metadata service hands out are used on (static stability). Files are read again when
// they change. Blocks for seconds at most.
#pragma once

#include "aws/environment.h"
#include "aws/metadata.h"
#include "aws/signer.h"
#include "base/error.h"

#include <chrono>
#include <ctime>
#include <optional>
#include <string>

namespace hostav {

class Credentials {
  public:
    /// All must outlive it. `region`: of STS, for roles.
    Credentials(const AwsEnvironment &environment, HttpClient &http, Metadata &metadata,
                std::string region);

    /// The failure says every place that was looked at and what it lacked.
    Result<AwsCredentials> get(std::time_t now);
    /// What was handed out was refused (expired, unknown): the next get() asks again, at most once
    /// a few seconds.
    void refused();

  private:
    const AwsEnvironment &environment_;
    HttpClient &http_;
    Metadata &metadata_;
    std::string region_;
    std::optional<AwsCredentials> current_;
    bool refused_ = false;                     ///< the current ones, and no others were found since
    std::optional<Error> failure_;             ///< of the last search, when it failed
    std::time_t tried_at_ = 0, forced_at_ = 0; ///< the last search; the last after a refusal
    std::time_t pause_ = 0;                    ///< seconds from then on without another
    std::string files_tag_; ///< times and sizes of the files that the current ones are of
    Result<AwsCredentials> find(std::time_t now);
    [[nodiscard]] bool usable(std::time_t now) const;
    [[nodiscard]] Result<AwsCredentials> kept(std::time_t now) const;
};

} // namespace hostav
