// SPDX-License-Identifier: GPL-2.0-only
//
// Width is counted in columns without knowing the terminal's fonts: a character outside ASCII
// counts as two, which may cut early and never wraps (a wrapped line could not be taken away).
#include "scan/progress.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hostav {
namespace {

constexpr auto interval = std::chrono::milliseconds(100);
constexpr unsigned default_columns = 80;
constexpr std::string_view ellipsis = "...";

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::size_t width(char c) {
    if (continues_character(c))
        return 0;
    return static_cast<unsigned char>(c) < 0x80 ? 1 : 2;
}

std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text)
        columns += width(c);
    return columns;
}

/// The beginning of valid UTF-8, `columns` wide at most.
std::string_view head(std::string_view text, std::size_t columns) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        used += width(text[i]);
        if (used > columns)
            return text.substr(0, i);
    }
    return text;
}

/// The end of valid UTF-8, `columns` wide at most: a path tells most at its end.
std::string tail(std::string_view text, std::size_t columns) {
    if (width(text) <= columns)
        return std::string(text);
    if (columns <= ellipsis.size())
        return std::string(ellipsis.substr(0, columns));
    std::size_t left = columns - ellipsis.size();
    std::size_t begin = text.size();
    for (std::size_t i = text.size(); i-- > 0;) {
        if (width(text[i]) > left)
            break;
        left -= width(text[i]);
        if (!continues_character(text[i]))
            begin = i;
    }
    return std::string(ellipsis) + std::string(text.substr(begin));
}

std::string with_commas(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string bar(std::size_t done, std::size_t total) {
    constexpr std::size_t cells = 25;
    const double part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(cells));
    std::string text(filled, '=');
    if (filled < cells)
        text += '>';
    text.resize(cells, ' ');
    return "[" + text + "]";
}

bool write_all_to_terminal(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::write(fd, text.data(), text.size());
        if (put > 0)
            text.remove_prefix(static_cast<std::size_t>(put));
        else if (put == 0 || errno != EINTR)
            return false;
    }
    return true;
}

} // namespace

Progress::Progress(int fd, bool enabled) : fd_(fd), active_(enabled && ::isatty(fd) == 1) {}

Progress::~Progress() {
    clear();
}

void Progress::step(const char *label, std::size_t done, std::size_t total) {
    if (!due())
        return;
    std::string line(label);
    if (total > 0)
        line += " " + bar(done, total) + " " + std::to_string(done) + "/" + std::to_string(total);
    draw(std::string(head(line, columns())));
}

void Progress::files(std::uint64_t files, std::uint64_t bytes, const std::string &path) {
    if (!active_)
        return;
    // The rate counts from here, also when this call draws nothing.
    if (first_file_ == std::chrono::steady_clock::time_point{})
        first_file_ = std::chrono::steady_clock::now();
    if (!due())
        return;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - first_file_;
    const double seconds = std::max(elapsed.count(), 1e-3);
    constexpr double mebi = 1 << 20;
    std::array<char, 64> rate{};
    std::snprintf(rate.data(), rate.size(),
                  " files, %.0f/s, %.1f MB/s: ", static_cast<double>(files) / seconds,
                  static_cast<double>(bytes) / mebi / seconds);
    const std::string front = with_commas(files) + rate.data();
    const std::size_t room = columns();
    if (front.size() >= room)
        return draw(front.substr(0, room));
    draw(front + tail(escape_path(path), room - front.size()));
}

void Progress::clear() {
    if (!drawn_)
        return;
    drawn_ = false;
    if (!write_all_to_terminal(fd_, "\r\033[K"))
        active_ = false;
}

bool Progress::due() {
    if (!active_)
        return false;
    const auto now = std::chrono::steady_clock::now();
    if (last_ != std::chrono::steady_clock::time_point{} && now - last_ < interval)
        return false;
    last_ = now;
    return true;
}

unsigned Progress::columns() const {
    winsize size{};
    const bool known = ::ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    // The last column stays free: some terminals wrap as soon as it is written.
    return (known ? size.ws_col : default_columns) - 1U;
}

void Progress::draw(const std::string &line) {
    drawn_ = true;
    if (!write_all_to_terminal(fd_, "\r" + line + "\033[K"))
        active_ = false; // the terminal is gone
}

} // namespace hostav
