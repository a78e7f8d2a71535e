// SPDX-License-Identifier: GPL-2.0-only
//
// --allow and --disallow: prove the entry, write it, tell clamd. They take commit.lock only, so
// that they need not wait for an update that downloads or proves.
#pragma once

#include "update/allow.h"
#include "update/session.h"

#include <optional>
#include <string>

namespace hostav {

struct AllowRequest {
    std::string what; ///< FILE, SHA256:SIZE or a signature's name
    std::string reason, by;
    std::optional<std::string> expires;
};

/// The proof: the entries load, EICAR is still found with them, and a file that is allowed comes
/// out clean in spite of a signature made for it.
[[nodiscard]] UpdateStatus run_allow(Session &session, const AllowRequest &request);
[[nodiscard]] UpdateStatus run_disallow(Session &session, const std::string &what);

/// A line an entry, for people; with `json` one JSON object a line.
[[nodiscard]] std::string allowed_text(const std::vector<Allowed> &list, bool json);

} // namespace hostav
