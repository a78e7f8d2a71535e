// SPDX-License-Identifier: GPL-2.0-only
//
// onaccess-watch's command line: clamd's, clamonacc's where clamd has no such letter, our own. What
// clamd takes of its configuration on the command line goes over what the file says.
#pragma once

#include "base/error.h"
#include "store/actions.h"
#include "watch/config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct WatchOptions {
    std::optional<std::string> config_file, move, copy;
    bool remove = false;
    bool help = false, version = false, check_config = false, status = false, json = false;
    bool daemon = false, verbose = false, quiet = false;
    std::uint64_t ping_attempts = 0; ///< 0: not asked for
    std::uint64_t ping_interval = 1; ///< seconds

    /// What happens to infected files, and where to.
    [[nodiscard]] Action action(const WatchConfig &config) const;
    [[nodiscard]] std::string action_directory(const WatchConfig &config) const;
};

/// Parses, reads the configuration and settles it. Both are set on success; with --help nothing is
/// read, with --version what can be.
[[nodiscard]] Result<void> parse_watch_options(int argc, char **argv, WatchOptions &options,
                                               WatchConfig &config,
                                               std::vector<std::string> &warnings,
                                               std::string &help);

} // namespace hostav
