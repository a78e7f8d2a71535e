// SPDX-License-Identifier: GPL-2.0-only
//
// What a resident process tells the system of itself: its process id in a file, its detachment
// from a terminal.
#pragma once

#include "base/error.h"

#include <string>

namespace hostav {

/// The process id in a file, 0644, gone with this object unless it holds another process's by then.
/// Made before root is given up, as freshclam does.
class PidFile {
  public:
    static Result<PidFile> write(const std::string &path);
    PidFile(PidFile &&other) noexcept;
    PidFile &operator=(PidFile &&) = delete;
    PidFile(const PidFile &) = delete;
    PidFile &operator=(const PidFile &) = delete;
    ~PidFile();

  private:
    explicit PidFile(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

/// Forks; the parent ends here with status 0 (or 1 where the child could not detach), the child
/// goes on in a session of its own with /dev/null for stdin, stdout and stderr.
[[nodiscard]] Result<void> go_to_background();

} // namespace hostav
