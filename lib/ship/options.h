// SPDX-License-Identifier: GPL-2.0-only
//
// logship's command line: the old agent's long options (`aws logs push`) with their spelling, and
// hostav's own.
#pragma once

#include "aws/environment.h"
#include "base/error.h"
#include "ship/spool.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

/// Where events go: --to.
enum class SinkKind { cloudwatch, standard_output, otlp, syslog };

struct ShipOptions {
    bool help = false, version = false, check_config = false, status = false, json = false;
    bool once = false, dry_run = false, verbose = false, quiet = false, debug = false;

    std::optional<std::string> config_file, additional_configs, sample;
    /// Keys of a stream in awslogs.conf(5), each from its option; not empty: there is a stream on
    /// the command line.
    std::map<std::string, std::string> stream;
    std::vector<std::string> files; ///< what to follow; `-` or none: standard input
    bool journal = false;
    std::vector<std::string> units, identifiers;
    std::optional<std::string> journal_directory;

    SinkKind sink = SinkKind::cloudwatch;
    std::string target; ///< URL or address of --to
    std::optional<std::string> state_directory, spool_directory;
    std::uint64_t spool_size = 1ULL << 30; ///< bytes
    WhenFull when_full = WhenFull::wait;
    std::uint64_t timeout = 300; ///< seconds without success until --once and pipes give up
    bool gzip = true;
    AwsOptions aws;

    [[nodiscard]] bool has_stream() const { return !stream.empty() || journal || !files.empty(); }
    [[nodiscard]] bool reads_stdin() const;
};

/// what = the option. `warnings`: about options without effect. `help`: the option part.
[[nodiscard]] Result<void> parse_ship_options(int argc, char **argv, ShipOptions &options,
                                              std::vector<std::string> &warnings,
                                              std::string &help);

/// `cloudwatch`, `stdout`, `otlp`, `syslog`: part of the keys of records, so that trying one sink
/// out does not move another's.
[[nodiscard]] const char *sink_name(SinkKind kind);

} // namespace hostav
