// SPDX-License-Identifier: GPL-2.0-only
#include "scan/summary.h"
#include "tests/support/catch.h"

#include <cstdlib>
#include <limits>
#include <optional>

using namespace hostav;

namespace {

/// Dates in UTC while it lives.
class UtcDates {
  public:
    UtcDates() {
        if (const char *zone = std::getenv("TZ"))
            saved_ = zone;
        set("UTC0");
    }
    ~UtcDates() {
        if (saved_)
            set(saved_->c_str());
        else
            unsetenv("TZ");
        tzset();
    }
    UtcDates(const UtcDates &) = delete;
    UtcDates &operator=(const UtcDates &) = delete;

  private:
    std::optional<std::string> saved_;
    static void set(const char *zone) {
        setenv("TZ", zone, 1);
        tzset();
    }
};

Summary typical() {
    Summary summary;
    summary.known_signatures = 2;
    summary.engine_version = "1.4.6";
    summary.directories = 1;
    summary.files = 1;
    summary.scanned_blocks = 7629; // a file of 31,234,567 bytes: clamscan's own figures
    summary.read_blocks = 7626;
    summary.seconds = 0.363;
    summary.start = 1795486879;
    summary.end = 1795486879 + 86400;
    return summary;
}

bool has(const std::string &text, const std::string &line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("summary: clamscan's, byte for byte", "[summary]") {
    const UtcDates utc;
    CHECK(summary_text(typical()) == "\n"
                                     "----------- SCAN SUMMARY -----------\n"
                                     "Known viruses: 2\n"
                                     "Engine version: 1.4.6\n"
                                     "Scanned directories: 1\n"
                                     "Scanned files: 1\n"
                                     "Infected files: 0\n"
                                     "Data scanned: 29.80 MB\n"
                                     "Data read: 29.79 MB (ratio 1.00:1)\n"
                                     "Time: 0.363 sec (0 m 0 s)\n"
                                     "Start Date: 2026:11:24 02:21:19\n"
                                     "End Date:   2026:11:25 02:21:19\n");
}

TEST_CASE("summary: lines for what went wrong, in order, only above zero", "[summary]") {
    const UtcDates utc;
    Summary summary = typical();
    summary.infected = 5;
    summary.partial = 7;
    summary.errors = 2;
    summary.not_removed = 1;
    summary.not_moved = 3;
    summary.not_copied = 4;
    summary.not_quarantined = 6;
    summary.workers = 2;
    summary.files = 3000;
    summary.read_blocks = 2560; // 10 MB
    summary.scan_seconds = 4;
    const std::string text = summary_text(summary);
    // clamscan says `Not copied` of files that --move could not move, and the other way round.
    CHECK(text.find("\nInfected files: 5\n"
                    "Partially scanned files: 7\n"
                    "Total errors: 2\n"
                    "Not removed: 1\n"
                    "Not moved: 4\n"
                    "Not copied: 3\n"
                    "Not quarantined: 6\n"
                    "Data scanned: 29.80 MB\n"
                    "Data read: 10.00 MB (ratio 2.98:1)\n"
                    "Time: 0.363 sec (0 m 0 s)\n"
                    "Rate: 750 files/s, 2.5 MB/s (2 workers)\n"
                    "Start Date: ") != std::string::npos);
}

TEST_CASE("summary: times and rates of any size", "[summary]") {
    Summary summary = typical();
    summary.seconds = 3725.9996;
    summary.workers = 1;
    summary.files = 12;
    summary.read_blocks = 0;
    summary.scan_seconds = 5;
    std::string text = summary_text(summary);
    CHECK(has(text, "Time: 3725.999 sec (62 m 5 s)"));
    CHECK(has(text, "Rate: 2.4 files/s, 0.0 MB/s (1 worker)"));
    CHECK(has(text, "Data read: 0.00 MB (ratio 0.00:1)"));

    summary.seconds = std::numeric_limits<double>::quiet_NaN();
    summary.scan_seconds = 0;
    text = summary_text(summary);
    CHECK(has(text, "Time: 0.000 sec (0 m 0 s)"));
    CHECK(has(text, "Rate: 0.0 files/s, 0.0 MB/s (1 worker)"));

    summary.scan_seconds = 1;
    summary.read_blocks = summary.scanned_blocks = summary.files =
        std::numeric_limits<std::uint64_t>::max();
    CHECK(has(summary_text(summary), "Scanned files: 18446744073709551615"));
}
