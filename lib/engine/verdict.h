// SPDX-License-Identifier: GPL-2.0-only
//
// What a scan of one file says. Plain data, passed from a worker to the parent as bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

enum class Verdict : std::uint8_t { clean, infected, error };

/// Why a file was not looked at in full. Names are printed in `Not fully scanned (NAME)`.
enum class Limit : std::uint8_t {
    max_file_size,
    max_scan_size,
    max_files,
    max_recursion,
    max_scan_time,
    max_html_normalize,
    parser,      ///< a limit of one parser's own, such as the header lines of a mail
    engine_size, ///< 2 GiB and more, which libclamav does not take
    damaged,     ///< a container that libarchive could open in part only
};
inline constexpr unsigned limit_count = 9;

/// A set of limits, in the order of the enumeration.
class Limits {
  public:
    void add(Limit limit, bool reached = true) {
        bits_ |= reached ? 1U << static_cast<unsigned>(limit) : 0U;
    }
    void add(Limits other) { bits_ |= other.bits_; }
    [[nodiscard]] bool has(Limit limit) const {
        return (bits_ >> static_cast<unsigned>(limit) & 1U) != 0;
    }
    [[nodiscard]] bool empty() const { return bits_ == 0; }
    [[nodiscard]] std::uint32_t bits() const { return bits_; }
    [[nodiscard]] static Limits from_bits(std::uint32_t bits) {
        Limits limits;
        limits.bits_ = bits & ((1U << limit_count) - 1);
        return limits;
    }
    /// `MaxFileSize`, or `MaxFileSize, MaxFiles`.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    std::uint32_t bits_ = 0;
};

struct Detection {
    std::string signature;
    std::string member; ///< path inside the container, `/` between layers; empty: the file itself
};

struct Report {
    Verdict verdict = Verdict::clean;
    std::vector<Detection> detections; ///< in the order found; one unless all matches are asked for
    std::string error;                 ///< verdict error: `Scanner crashed`, `Can't read file` …
    Limits limits;                     ///< not fully scanned, whatever the verdict
    std::string type;                  ///< libclamav's name for the file's type, `CL_TYPE_ZIP`
    std::string sha256;                ///< lower-case hex, infected files when asked for
    std::string md5;                   ///< likewise
    std::uint64_t scanned_blocks = 0;  ///< data scanned, in libclamav's 4 KiB blocks
    double seconds = 0;                ///< from dispatch to answer
    /// --archive-verbose lines without the file's path: `Scanning !ZIP:a` and, after a detection,
    /// `!ZIP:a!(2)ZIP:b: NAME FOUND`.
    std::vector<std::string> members;
};

/// Whether one of Report::members is a `Scanning …` line.
[[nodiscard]] bool is_progress_line(std::string_view member);

/// No encoded report is longer; below the largest packet of engine/message.h.
inline constexpr std::size_t max_report_size = std::size_t{192} * 1024;

/// The bytes a worker sends; the parent reads them back defensively (the worker parsed hostile
/// data and may have been taken over): nothing on any malformed input. Detections, members and
/// strings beyond the caps in verdict.cc are cut off when encoding.
[[nodiscard]] std::string encode(const Report &report);
[[nodiscard]] std::optional<Report> decode_report(std::string_view bytes);

} // namespace hostav
