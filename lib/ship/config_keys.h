// SPDX-License-Identifier: GPL-2.0-only
//
// The keys of awslogs.conf, each with how it is read and how it is printed: reading and
// --check-config follow these tables.
#pragma once

#include "base/error.h"
#include "ship/config.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hostav {

/// A value as the file has it.
struct GivenValue {
    const std::string &key, &value;
    std::string where; ///< FILE:LINE
    std::vector<std::string> &warnings;

    /// `FILE:LINE: key value: why`.
    [[nodiscard]] std::unexpected<Error> wrong(const std::string &why) const;
    /// `key value at FILE:LINE: why`.
    void warn(const std::string &why) const;
};

struct GeneralKey {
    const char *name;
    Result<void> (*set)(ShipConfig &to, const GivenValue &given);
    std::optional<std::string> (*get)(const ShipConfig &from); ///< nothing: not printed
};

struct StreamKey {
    const char *name;
    bool files_only; ///< means nothing for the journal
    Result<void> (*set)(StreamConfig &to, const GivenValue &given);
    std::optional<std::string> (*get)(const StreamConfig &from);
};

[[nodiscard]] std::span<const GeneralKey> general_keys();
[[nodiscard]] std::span<const StreamKey> stream_keys();

} // namespace hostav
