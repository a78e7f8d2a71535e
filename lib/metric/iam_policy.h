// SPDX-License-Identifier: GPL-2.0-only
//
// IAM policies: the least that a command needs, for --iam-policy
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html says which
// action takes which resource; those that list take `*` only).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace hostav {

struct PolicyStatement {
    std::vector<std::string> actions, resources;
    std::map<std::string, std::string> equals; ///< condition keys, `StringEquals`
};
using Policy = std::vector<PolicyStatement>;

/// What ARNs begin with; a region that is not known is `*`, and so is the account.
struct PolicyPlace {
    std::string partition = "aws", region = "*";
};

/// `arn:aws:sns:eu-west-1:*:clamavfound`; of `name`, what IAM takes for wildcards or variables is
/// escaped.
[[nodiscard]] std::string policy_arn(const PolicyPlace &place, const std::string &service,
                                     const std::string &kind, const std::string &name);
/// An ARN that somebody has given, escaped likewise.
[[nodiscard]] std::string policy_literal(const std::string &text);

/// The document, several lines without the last one's end. Statements without an action are left
/// out.
[[nodiscard]] std::string policy_text(const Policy &policy);

/// Of counting and pushing.
[[nodiscard]] Policy push_policy(const std::string &name_space);

} // namespace hostav
