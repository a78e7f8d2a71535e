// SPDX-License-Identifier: GPL-2.0-only
//
// awslogs.conf, the configuration of the CloudWatch Logs agent, as users have it, and hostav's own
// keys beside it. Plain structs; defaults and limits are the agent's ("CloudWatch Logs agent
// reference" in AWS's documentation).
#pragma once

#include "base/error.h"
#include "follow/date_format.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hostav {

/// One section: what is read and where it goes.
struct StreamConfig {
    std::string name;  ///< of the section
    std::string where; ///< FILE:LINE of the section, for messages

    std::string file;                            ///< absolute, with wildcards; empty: the journal
    std::string log_group_name, log_stream_name; ///< with placeholders: see ship/destination.h
    std::optional<std::string> datetime_format;
    TimeZone time_zone = TimeZone::local;
    unsigned fingerprint_first = 1, fingerprint_last = 1; ///< file_fingerprint_lines
    std::optional<std::string> multi_line_start_pattern;
    bool from_end = false; ///< initial_position = end_of_file
    std::string encoding = "utf_8";
    std::uint64_t buffer_duration = 5000; ///< ms
    std::uint64_t batch_count = 10000;    ///< events
    std::uint64_t batch_size = 1048576;   ///< bytes of UTF-8 and 26 an event

    // hostav's own: the agent does not know them.
    bool follow_all = false;                        ///< follow = newest|all
    std::optional<std::uint64_t> retention_in_days; ///< of a group that is created
    std::vector<std::pair<std::string, std::string>> tags;
    std::vector<std::string> journal_units, journal_identifiers; ///< journal_unit, …

    bool operator==(const StreamConfig &) const = default;
};

struct ShipConfig {
    std::string file; ///< what was read
    std::optional<std::string> state_file, logging_config_file;
    bool use_gzip_http_content_encoding = true;
    std::uint64_t queue_size = 10; ///< batches on their way at once, all streams together
    std::vector<StreamConfig> streams;

    bool operator==(const ShipConfig &) const = default;
};

/// Reads `file`, then the regular files in `additional` (nothing: `config` beside `file`, if it is
/// there), sorted by name, those that begin with a dot apart. There [general] means nothing, a
/// section that is known already neither, and what is no configuration at all is left out; each
/// with a warning. what = `FILE:LINE`.
[[nodiscard]] Result<ShipConfig> read_ship_config(const std::string &file,
                                                  const std::optional<std::string> &additional,
                                                  std::vector<std::string> &warnings);

/// The configuration as it is in effect, in its own syntax: read again it is the same.
[[nodiscard]] std::string config_text(const ShipConfig &config);

} // namespace hostav
