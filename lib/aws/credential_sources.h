// SPDX-License-Identifier: GPL-2.0-only
//
// The places where credentials may be, each asked by itself. A place that has none is no failure:
// it says what it lacks, and the next is asked. One that is set up wrongly is.
#pragma once

#include "aws/environment.h"
#include "aws/metadata.h"
#include "aws/profile.h"
#include "aws/signer.h"
#include "base/error.h"

#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct CredentialPlace {
    std::optional<AwsCredentials> found;
    std::string lacks; ///< otherwise, for people
};

class CredentialSources {
  public:
    struct Parts {
        const AwsEnvironment &environment;
        HttpClient &http;
        Metadata &metadata;
        const std::string &region; ///< of STS
        std::time_t now;
    };
    CredentialSources(const Parts &parts, AwsProfiles profiles);

    /// The first that has any, in AWS's order.
    Result<AwsCredentials> find();

    [[nodiscard]] Result<CredentialPlace> environment() const;
    /// As the environment describes it.
    [[nodiscard]] Result<CredentialPlace> web_identity() const;
    [[nodiscard]] Result<CredentialPlace> profile(const std::string &name);
    [[nodiscard]] Result<CredentialPlace> container() const;
    [[nodiscard]] Result<CredentialPlace> instance() const;

  private:
    Parts parts_;
    AwsProfiles profiles_;
    std::vector<std::string> visited_; ///< profiles whose roles are being assumed

    [[nodiscard]] Result<CredentialPlace> static_keys(const std::string &name) const;
    [[nodiscard]] Result<CredentialPlace> role(const std::string &name);
    [[nodiscard]] Result<AwsCredentials> role_base(const std::string &name);
    [[nodiscard]] Result<CredentialPlace> role_by_token(const std::string &arn,
                                                        const std::string &session_name,
                                                        const std::string &file,
                                                        const std::string &source) const;
};

} // namespace hostav
