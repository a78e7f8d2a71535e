// SPDX-License-Identifier: GPL-2.0-only
//
// One run of logship from its options and configuration: builds the parts and lets them run.
#pragma once

#include "base/error.h"
#include "base/messages.h"
#include "base/signals.h"
#include "ship/config.h"
#include "ship/options.h"
#include "ship/shipper.h"
#include "ship/status.h"

#include <string>
#include <vector>

namespace hostav {

/// Streams of the command line (one) or of the configuration file. what = the option or FILE:LINE.
[[nodiscard]] Result<ShipConfig> ship_config(const ShipOptions &options,
                                             std::vector<std::string> &warnings);
/// --aws-config and --profile, as far as the sink is AWS's: whether they name what is there. what =
/// the option.
[[nodiscard]] Result<void> check_aws_files(const ShipOptions &options, const ShipConfig &config,
                                           const Variables &variables);
/// --state-dir, what state_file in the configuration stands for (`FILE.logship`: FILE itself is the
/// old agent's), the spool's of a pipe, or `otherwise`. Empty: nothing is remembered.
[[nodiscard]] std::string state_directory(const ShipOptions &options, const ShipConfig &config,
                                          const std::string &otherwise);
/// For --status.
[[nodiscard]] Result<StatusReport> ship_status(const ShipOptions &options,
                                               const std::string &directory);

struct SessionParts {
    const ShipOptions &options;
    const ShipConfig &config;
    std::string state_directory;
    Messages &messages;
    Signals &signals;
    Variables variables; ///< the environment
};

struct SessionResult {
    Shipper::Ended ended = Shipper::Ended::complete;
    std::uint64_t delivered = 0, rejected = 0;
    std::uint64_t dropped = 0; ///< of the rejected, those that are kept nowhere
    std::uint64_t lost = 0;    ///< bytes of a pipe that were read and are kept nowhere
    bool complained = false;   ///< something could not be read, or not as it should be
    bool incomplete = false;   ///< not all of standard input or of a spool could be read
    bool unsaved = false;      ///< what is delivered could not be written down
    std::string last_failure;
};
/// Until all is delivered (--once, pipes), a signal, or a failure of what cannot be done without.
[[nodiscard]] Result<SessionResult> run_session(const SessionParts &parts);

} // namespace hostav
