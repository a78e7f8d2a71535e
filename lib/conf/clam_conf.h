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

/// Where the daemon of a clamd.conf listens.
struct ClamdAddress {
    std::string socket, host, port;
};
/// Fails when the file cannot be read or names no socket.
[[nodiscard]] Result<ClamdAddress> read_clamd_address(const std::string &path);

/// Where clamd.conf is looked for when none is named: /etc/hostav/onaccess-watch.conf,
/// /etc/clamd.d/scan.conf, /etc/clamd.conf, /etc/clamav/clamd.conf.
[[nodiscard]] const std::vector<std::string> &clamd_conf_files();
/// And freshclam.conf: /etc/hostav/sigupdate.conf, /etc/freshclam.conf, /etc/clamav/freshclam.conf.
[[nodiscard]] const std::vector<std::string> &freshclam_conf_files();

} // namespace hostav
