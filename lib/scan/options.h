// SPDX-License-Identifier: GPL-2.0-only
//
// scan's options: clamscan's, with their meaning and defaults, and our own. A plain struct, filled
// from the command line.
#pragma once

#include "base/error.h"
#include "base/walk.h"
#include "conf/command_line.h"
#include "engine/engine_options.h"
#include "scan/printer.h"
#include "scan/selection.h"
#include "store/actions.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct ScanOptions {
    bool help = false;
    bool version = false;

    EngineOptions engine;
    SelectionOptions selection;
    PrintOptions print;

    bool recursive = false;
    std::uint64_t follow_directory_links = 1; ///< 0 never, 1 arguments, 2 always
    std::uint64_t follow_file_links = 1;
    bool cross_fs = true;
    std::uint64_t max_directory_depth = 15;

    std::optional<std::string> log;
    std::optional<std::string> report; ///< where a completed scan leaves its numbers
    bool no_summary = false;
    bool debug = false;

    std::optional<std::string> file_list, files0_from;
    std::vector<std::string> paths;

    std::optional<std::string> move, copy, quarantine, restore;
    bool remove = false;

    std::uint64_t jobs = 0;               ///< 0: the CPUs this process may use
    std::optional<std::uint64_t> timeout; ///< seconds a file
    bool strict = false;
    bool nice = false;
    std::optional<std::string> engine_choice; ///< auto, local, or a resident engine's socket
    std::optional<std::string> tempdir;

    [[nodiscard]] Action action() const;
    [[nodiscard]] std::string action_directory() const;
    [[nodiscard]] std::chrono::milliseconds file_timeout() const;
    [[nodiscard]] WalkOptions walk() const;
};

/// Reads the command line into `options`. `warnings` gets lines to print as warnings; `help` the
/// option part of --help.
[[nodiscard]] Result<void> parse_scan_options(int argc, char **argv, ScanOptions &options,
                                              std::vector<std::string> &warnings,
                                              std::string &help);

} // namespace hostav
