// SPDX-License-Identifier: GPL-2.0-only
//
// The numbers of a run and clamscan's SCAN SUMMARY made of them.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace hostav {

struct Summary {
    unsigned known_signatures = 0;
    std::string engine_version; ///< `1.4.6`
    std::uint64_t directories = 0;
    std::uint64_t files = 0;
    std::uint64_t infected = 0;
    std::uint64_t partial = 0;  ///< not fully scanned
    std::uint64_t too_deep = 0; ///< directories that --max-dir-recursion kept out
    std::uint64_t errors = 0;
    std::uint64_t not_removed = 0, not_moved = 0, not_copied = 0, not_quarantined = 0;
    std::uint64_t scanned_blocks = 0; ///< libclamav's 4 KiB blocks
    std::uint64_t read_blocks = 0;    ///< each file's size in whole 4 KiB blocks
    unsigned workers = 0;
    double seconds = 0;      ///< the whole run, loading included
    double scan_seconds = 0; ///< without loading
    std::time_t start = 0, end = 0;
};

/// Lines as clamscan prints them, in its order, beginning with an empty line. Ours beyond it:
/// `Partially scanned files: N` and
/// `Directories too deep: N` after `Infected files`, `Not quarantined: N` (both only above 0)
/// and `Rate: F files/s, M MB/s (N workers)` after `Time`.
[[nodiscard]] std::string summary_text(const Summary &summary);
/// The same as one JSON object and a line end, for --report: times in seconds since 1970 (`start`,
/// `end`), `partial` as above, `status` the exit status.
[[nodiscard]] std::string summary_json(const Summary &summary,
                                       const std::vector<std::string> &paths, int status);

} // namespace hostav
