// SPDX-License-Identifier: GPL-2.0-only
//
// A list of paths arriving on a descriptor, one a line (CR and LF stripped, as clamscan's
// --file-list) or NUL-terminated (as find -print0 writes and wc --files0-from reads). Read as it
// comes: the first path is out before the writer of the list has finished.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <optional>
#include <string>

namespace hostav {

class PathList {
  public:
    /// `separator` is '\n' or '\0'. `what` names the list in errors.
    PathList(Fd fd, char separator, std::string what);

    /// The descriptor to poll for POLLIN before fill().
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// One read(2); blocks only if the descriptor is not readable. Fails on a read error and on a
    /// path of more than 16 MiB; the list is finished then. Call next() until it has nothing first.
    Result<void> fill();
    /// The next complete path; nothing when more must be read, or at the end. The last path may
    /// lack its separator.
    std::optional<std::string> next();
    /// The writer has finished and every path is out.
    [[nodiscard]] bool finished() const { return end_ && buffer_.size() == used_; }

  private:
    Fd fd_;
    char separator_;
    std::string what_;
    std::string buffer_;
    std::size_t used_ = 0;
    std::size_t searched_ = 0;
    bool end_ = false;
    void give_up();
};

} // namespace hostav
