// SPDX-License-Identifier: GPL-2.0-only
#include "scan/summary.h"

#include "base/json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace hostav {
namespace {

constexpr double block_mebibytes = 4096.0 / (1 << 20);

[[gnu::format(printf, 1, 2)]] std::string format(const char *pattern, ...) {
    std::array<char, 128> text{};
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text.data(), text.size(), pattern, arguments);
    va_end(arguments);
    return text.data();
}

std::string count_line(const char *label, std::uint64_t count) {
    return std::string(label) + ": " + std::to_string(count) + "\n";
}

std::string count_line_if_any(const char *label, std::uint64_t count) {
    return count == 0 ? std::string() : count_line(label, count);
}

std::string date_line(const char *label, std::time_t when) {
    std::tm local{};
    std::array<char, 64> text{};
    if (localtime_r(&when, &local) != nullptr)
        std::strftime(text.data(), text.size(), "%Y:%m:%d %H:%M:%S", &local);
    return std::string(label) + text.data() + "\n";
}

double at_least_zero(double value) {
    return std::isfinite(value) && value > 0 ? value : 0;
}

/// Whole milliseconds, cut off and not rounded, as clamscan has them.
std::string time_line(double seconds) {
    constexpr double hair = 1e-7; // 0.373 must not become 372 ms
    const auto milliseconds = static_cast<std::uint64_t>((at_least_zero(seconds) + hair) * 1000);
    const std::uint64_t whole = milliseconds / 1000;
    return "Time: " + std::to_string(whole) +
           format(".%03u sec", static_cast<unsigned>(milliseconds % 1000)) + " (" +
           std::to_string(whole / 60) + " m " + std::to_string(whole % 60) + " s)\n";
}

std::string rate_line(const Summary &summary) {
    if (summary.workers == 0)
        return {}; // nothing was scanned: no database
    const double seconds = at_least_zero(summary.scan_seconds);
    const auto rate = [&](double amount) { return seconds > 0 ? amount / seconds : 0; };
    const double files = rate(static_cast<double>(summary.files));
    const double data = rate(static_cast<double>(summary.read_blocks) * block_mebibytes);
    return format("Rate: %.*f files/s, %.1f MB/s (%u worker%s)\n", files < 100 ? 1 : 0, files, data,
                  summary.workers, summary.workers == 1 ? "" : "s");
}

} // namespace

std::string summary_text(const Summary &summary) {
    const auto scanned = static_cast<double>(summary.scanned_blocks);
    const auto read = static_cast<double>(summary.read_blocks);
    std::string text = "\n----------- SCAN SUMMARY -----------\n";
    text += count_line("Known viruses", summary.known_signatures);
    text += "Engine version: " + summary.engine_version + "\n";
    text += count_line("Scanned directories", summary.directories);
    text += count_line("Scanned files", summary.files);
    text += count_line("Infected files", summary.infected);
    text += count_line_if_any("Partially scanned files", summary.partial);
    text += count_line_if_any("Directories too deep", summary.too_deep);
    text += count_line_if_any("Total errors", summary.errors);
    text += count_line_if_any("Not removed", summary.not_removed);
    // clamscan has these two the wrong way round, and scripts read them as they are.
    text += count_line_if_any("Not moved", summary.not_copied);
    text += count_line_if_any("Not copied", summary.not_moved);
    text += count_line_if_any("Not quarantined", summary.not_quarantined);
    text += format("Data scanned: %2.2f MB\n", scanned * block_mebibytes);
    text += format("Data read: %2.2f MB (ratio %.2f:1)\n", read * block_mebibytes,
                   summary.read_blocks == 0 ? 0.0 : scanned / read);
    text += time_line(summary.seconds);
    text += rate_line(summary);
    text += date_line("Start Date: ", summary.start);
    text += date_line("End Date:   ", summary.end);
    return text;
}

std::string summary_json(const Summary &summary, const std::vector<std::string> &paths,
                         int status) {
    JsonObject report;
    report.add("start", static_cast<std::uint64_t>(summary.start))
        .add("end", static_cast<std::uint64_t>(summary.end))
        .add("seconds", summary.seconds)
        .add("paths", paths)
        .add("engine", summary.engine_version)
        .add("signatures", std::uint64_t{summary.known_signatures})
        .add("directories", summary.directories)
        .add("files", summary.files)
        .add("infected", summary.infected)
        .add("partial", summary.partial)
        .add("too_deep", summary.too_deep)
        .add("errors", summary.errors)
        .add("status", static_cast<std::uint64_t>(status));
    return report.text() + "\n";
}

} // namespace hostav
