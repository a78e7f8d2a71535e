// SPDX-License-Identifier: GPL-2.0-only
//
// Names with `{instance_id}`, `{hostname}` and `{ip_address}` in them, in any combination, as the
// old agent's log streams have them.
#pragma once

#include "aws/metadata.h"
#include "base/error.h"

#include <functional>
#include <map>
#include <string>

namespace hostav {

/// The value of a placeholder by its name.
using Placeholder = std::function<Result<std::string>(const std::string &name)>;

/// The text with every placeholder replaced; `value` is asked for those only that are in it. Fails
/// for one that is not known, and as `value` does. `what` is the error's.
[[nodiscard]] Result<std::string>
expand_placeholders(const std::string &text, const Placeholder &value, const std::string &what);

/// What they stand for on this machine, each asked for once: of the instance's metadata, and where
/// there is none, the host's name and address. Blocks for seconds at most.
class HostPlaceholders {
  public:
    /// `metadata` must outlive it. `fallen_back` is told, in a line, of what is not the instance's.
    HostPlaceholders(Metadata &metadata, std::function<void(const std::string &)> fallen_back);
    Result<std::string> value(const std::string &name);

  private:
    Metadata &metadata_;
    std::function<void(const std::string &)> fallen_back_;
    std::map<std::string, std::string> known_;
};

} // namespace hostav
