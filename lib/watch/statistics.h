// SPDX-License-Identifier: GPL-2.0-only
//
// What a gate counts. Plain numbers that can be sent and added up.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace hostav {

enum class Count : unsigned {
    events,     ///< read from the kernel
    own,        ///< of our own processes: allowed
    registered, ///< of a scan that has registered: allowed
    special,    ///< not a regular file, or empty: allowed
    user,       ///< of an excluded user: allowed
    excluded,   ///< by path: allowed
    outside,    ///< allowed, scanned later
    too_large,  ///< allowed unscanned
    cached,     ///< known to be infected: no scan
    joined,     ///< waited for the scan of an earlier opener
    scans,      ///< of files that somebody waited for
    background, ///< scans that nobody waited for
    clean,
    partial, ///< clean as far as the limits let us see
    infected,
    repeated,    ///< of infected and failed, those that were not logged again
    failed,      ///< scans that ended with an error
    allowed,     ///< answers
    denied,      ///< answers
    deadline,    ///< answers by the fail mode, because the deadline was over
    marks,       ///< verdicts given to the kernel
    unmarked,    ///< clean, but open for writing, too fresh or changed meanwhile
    written,     ///< close-after-write
    read_errors, ///< the kernel could not open a file for us and has denied it by itself
    overflow,    ///< events lost by the kernel
    lost,        ///< messages between our processes that were more than they could take
};
inline constexpr std::size_t count_kinds = static_cast<std::size_t>(Count::lost) + 1;
/// `events`, `own` …
[[nodiscard]] const char *count_name(std::size_t kind);

/// Times in a histogram with four steps a power of two, from one microsecond.
class Latencies {
  public:
    void add(std::chrono::nanoseconds time);
    void add(const Latencies &other);
    /// Microseconds within which `share` (0 to 1) of all times lay; 0 when there are none.
    [[nodiscard]] std::uint64_t percentile(double share) const;
    static constexpr std::size_t steps = 128;
    std::array<std::uint64_t, steps> counts{};
};

struct Statistics {
    std::array<std::uint64_t, count_kinds> counts{};
    Latencies answers;         ///< from reading an event that needed a scan to its answer
    std::uint64_t queue = 0;   ///< files that somebody waits for and no worker has taken yet
    std::uint64_t workers = 0; ///< that exist now
    std::uint64_t busy = 0;    ///< of these, those that scan

    void count(Count kind, std::uint64_t times = 1) {
        counts.at(static_cast<std::size_t>(kind)) += times;
    }
    [[nodiscard]] std::uint64_t of(Count kind) const {
        return counts.at(static_cast<std::size_t>(kind));
    }
    void add(const Statistics &other);
    [[nodiscard]] std::vector<std::string> fields() const;
    /// Of fields(); zeros where they are no numbers.
    [[nodiscard]] static Statistics from(const std::vector<std::string> &fields);
};

} // namespace hostav
