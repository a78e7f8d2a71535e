// SPDX-License-Identifier: GPL-2.0-only
//
// Configuration files in ClamAV's syntax (clamd.conf, freshclam.conf): one `Option value` a line,
// `#` comments, double quotes around a value. Reads lines; what they mean is the caller's matter.
#pragma once

#include "base/error.h"

#include <string>
#include <vector>

namespace hostav {

struct ConfLine {
    std::string option;
    std::string value; ///< without quotes; empty when the line has only the option
    unsigned line = 0;
};

/// Fails when the file cannot be read, with what = the path.
[[nodiscard]] Result<std::vector<ConfLine>> read_clam_conf(const std::string &path);

} // namespace hostav
