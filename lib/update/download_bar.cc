// SPDX-License-Identifier: GPL-2.0-only
#include "update/download_bar.h"

#include "base/files.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <unistd.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
constexpr double kibi = 1024;
constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};

std::string bytes_text(double bytes) {
    std::size_t unit = 0;
    while (bytes >= kibi && unit + 1 < units.size()) {
        bytes /= kibi;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f%s" : "%.2f%s", bytes, units.at(unit));
    return text.data();
}

/// `57.54MiB` in bytes, as libfreshclam rounds it.
std::optional<double> parse_bytes(const std::string &text) {
    for (std::size_t unit = units.size(); unit-- > 0;) {
        const std::string suffix = units.at(unit);
        if (!text.ends_with(suffix))
            continue;
        const auto digits = text.substr(0, text.size() - suffix.size());
        if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string::npos)
            return std::nullopt;
        return std::strtod(digits.c_str(), nullptr) * std::pow(kibi, unit);
    }
    return std::nullopt;
}

std::string time_text(double seconds) {
    constexpr unsigned minute = 60;
    constexpr unsigned most = 99 * minute;
    const auto whole = static_cast<unsigned>(std::clamp(seconds, 0.0, double{most}));
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%u:%02u", whole / minute, whole % minute);
    return text.data();
}

std::string line_of(const std::string &name, double done, double total, double seconds) {
    constexpr double shortest = 0.001;
    const double rate = done / std::max(seconds, shortest);
    auto line = escape_path(name) + "  " + bytes_text(rate) + "/s";
    if (total <= 0)
        return line + "  " + bytes_text(done);
    constexpr std::size_t width = 25;
    const auto filled =
        static_cast<std::size_t>(std::clamp(done / total, 0.0, 1.0) * double{width});
    line += "  ETA " + time_text(rate > 0 ? (total - done) / rate : 0) + "  [";
    line += std::string(filled, '=') + (filled < width ? ">" : "") +
            std::string(filled < width ? width - filled - 1 : 0, ' ');
    return line + "]   " + bytes_text(done) + "/" + bytes_text(total);
}

} // namespace

DownloadBar::DownloadBar(int fd, bool enabled, bool forced)
    : fd_(fd), terminal_(enabled && ::isatty(fd) == 1), forced_(enabled && forced) {}

DownloadBar::~DownloadBar() {
    clear();
}

void DownloadBar::step(const std::string &name, std::uint64_t done, std::uint64_t total) {
    if (!active())
        return;
    const auto now = Clock::now();
    if (name != name_) {
        name_ = name;
        start_ = now;
        last_ = {};
    }
    constexpr auto ten_a_second = std::chrono::milliseconds(100);
    const bool complete = total != 0 && done >= total;
    if (!complete && (!terminal_ || now - last_ < ten_a_second))
        return;
    last_ = now;
    const auto seconds = std::chrono::duration<double>(now - start_).count();
    const auto line = line_of(name, static_cast<double>(done), static_cast<double>(total), seconds);
    best_effort(
        write_all(fd_, (terminal_ ? "\r\033[K" : "") + line + (complete ? "\n" : ""), "terminal"));
    drawn_ = !complete;
    if (complete)
        name_.clear();
}

bool DownloadBar::relay(const std::string &name, const std::string &piece) {
    const auto slash = piece.rfind('/');
    const auto bar = piece.find('[');
    if (slash == std::string::npos || bar == std::string::npos)
        return false;
    const auto from = piece.find_last_of(" ]", slash) + 1;
    const auto end = piece.find_last_not_of(" \r\n") + 1;
    const auto done = parse_bytes(piece.substr(from, slash - from));
    const auto total = parse_bytes(piece.substr(slash + 1, end - slash - 1));
    if (!done || !total)
        return false;
    step(name, static_cast<std::uint64_t>(*done), static_cast<std::uint64_t>(*total));
    return true;
}

void DownloadBar::clear() {
    if (!drawn_)
        return;
    best_effort(write_all(fd_, "\r\033[K", "terminal"));
    drawn_ = false;
}

} // namespace hostav
