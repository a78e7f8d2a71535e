// SPDX-License-Identifier: GPL-2.0-only
//
// One line on a terminal's stderr that says what is going on: the database loading, compiling,
// then files done, rate and current path. Rewritten in place, at most ten times a second, gone at
// the end; nothing at all when stderr is not a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace hostav {

class Progress {
  public:
    /// `fd`: where to draw, usually 2; draws only if `enabled` and `fd` is a terminal.
    Progress(int fd, bool enabled);
    ~Progress(); ///< clears the line
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    [[nodiscard]] bool active() const { return active_; }
    /// `Loading signatures [=====>    ] 1234567/8490000`; label as given. Throttled.
    void step(const char *label, std::size_t done, std::size_t total);
    /// `12,345 files, 678/s, 12.3 MB/s: PATH`, cut to the terminal's width. Throttled.
    void files(std::uint64_t files, std::uint64_t bytes, const std::string &path);
    /// Takes the line away, so that other text can be printed; the next call draws it again.
    void clear();

  private:
    int fd_;
    bool active_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_{};
    std::chrono::steady_clock::time_point first_file_{};

    [[nodiscard]] bool due();
    [[nodiscard]] unsigned columns() const;
    void draw(const std::string &line);
};

} // namespace hostav
