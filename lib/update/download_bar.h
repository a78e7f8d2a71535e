// SPDX-License-Identifier: GPL-2.0-only
//
// The progress of downloads on a terminal, one line rewritten in place:
//   daily.cvd  12.3MiB/s  ETA 0:03 [=========>          ]   30.00MiB/57.54MiB
// The last state of each file stays as a line of its own when it is complete. Nothing at all when
// stdout is not a terminal, unless --show-progress forces it (then without rewriting: a line a
// file).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace hostav {

class DownloadBar {
  public:
    DownloadBar(int fd, bool enabled, bool forced);
    ~DownloadBar();
    DownloadBar(const DownloadBar &) = delete;
    DownloadBar &operator=(const DownloadBar &) = delete;

    [[nodiscard]] bool active() const { return terminal_ || forced_; }
    /// `total` 0: unknown. Throttled to ten times a second, the last step of a file excepted.
    void step(const std::string &name, std::uint64_t done, std::uint64_t total);
    /// Reads what libfreshclam draws (it ends in `57.54MiB/57.54MiB`) and draws ours; true when the
    /// piece was such a line.
    bool relay(const std::string &name, const std::string &piece);
    void clear();

  private:
    int fd_;
    bool terminal_;
    bool forced_;
    bool drawn_ = false;
    std::string name_;
    std::chrono::steady_clock::time_point start_{}, last_{};
};

} // namespace hostav
