// SPDX-License-Identifier: GPL-2.0-only
//
// A log file that several programs write at once: every line is one write(2) on an O_APPEND
// descriptor, nothing is locked, and the file is opened again after logrotate has moved it away.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <ctime>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace hostav {

class LogFile {
  public:
    /// Opens or creates `path` (mode 0640, never through a symbolic link, regular files only). When
    /// the file already holds lines that start with `TIME -> ` (ctime's format, as clamd writes
    /// with LogTime), ours get the time too.
    static Result<LogFile> open(const std::string &path);

    /// Writes `line` and its line end as one write. An empty line stays empty, without the time.
    /// The file is opened again first when `path` no longer names it; when that fails, the line
    /// goes into the old file and the error is returned. A write that a full disk or a file size
    /// limit cuts short is an error; the next line then begins on a line of its own. SIGXFSZ is the
    /// tool's to ignore.
    Result<void> write(std::string_view line);
    [[nodiscard]] bool timed() const { return timed_; }

  private:
    std::string path_;
    Fd fd_;
    bool timed_ = false;
    bool torn_ = false; // the last write ended in the middle of a line
    dev_t device_ = 0;
    ino_t inode_ = 0;
    Result<void> reopen();
    [[nodiscard]] bool is_moved_away() const;
};

/// `Thu Dec 15 15:42:03 2022`, local time, without a line end.
[[nodiscard]] std::string log_time(std::time_t when);

} // namespace hostav
