// SPDX-License-Identifier: GPL-2.0-only
//
// What was said a moment ago is counted, not said again: any user may open an infected file some
// ten thousand times a second, and must not fill the disk that the log is on with that, nor start
// as many commands of VirusEvent. A second after a line was said it is told how often it was not.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace hostav {

class Repeats {
  public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds window{1};

    struct Line {
        std::string path;
        std::string what; ///< the signature, or why there is no verdict
        std::string more; ///< whatever else makes it another one; not shown
        auto operator<=>(const Line &) const = default;
    };
    struct Summary {
        std::string path, what;
        std::uint64_t times = 0; ///< one at least
        std::chrono::seconds within{0};
    };

    /// Whether to say it: false when it was said less than a window ago, and is counted.
    [[nodiscard]] bool is_new(Line line, Clock::time_point now);
    /// Of the windows that are over at `now` and had repeats.
    [[nodiscard]] std::vector<Summary> take(Clock::time_point now);
    /// When take() will have to be called next.
    [[nodiscard]] Clock::time_point next() const;

  private:
    static constexpr std::size_t most_lines = 2000;
    static constexpr std::size_t most_bytes = std::size_t{4} << 20U; ///< paths may be long
    using Open = std::map<Line, std::uint64_t>;                      ///< times it was not said
    struct Window {
        Clock::time_point began;
        Open::iterator line;
    };
    Open open_;
    std::deque<Window> windows_; ///< oldest first
    std::size_t bytes_ = 0;
    std::vector<Summary> summaries_;
    void close_oldest(Clock::time_point now);
    void close_old(Clock::time_point now);
};

} // namespace hostav
