// SPDX-License-Identifier: GPL-2.0-only
//
// The names in a directory in the order the kernel gives them, read from a descriptor that
// somebody else owns. getdents64 rather than readdir: a DIR owns its descriptor, and the walk
// shares one descriptor a level with the entries that it has handed out.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace hostav {

struct DirectoryName {
    std::string name;       ///< never `.` or `..`
    unsigned char type = 0; ///< DT_*, a hint only: DT_UNKNOWN on some file systems, stale on all
};

class DirectoryReader {
  public:
    /// `fd`: a directory open for reading at its beginning, alive as long as this reader is used.
    explicit DirectoryReader(int fd) : fd_(fd) {}

    /// The next name, or nothing at the end or after a failure.
    std::optional<DirectoryName> next();
    /// errno of the failure that ended the reading, 0 when there was none.
    [[nodiscard]] int error() const { return error_; }

  private:
    int fd_;
    int error_ = 0;
    bool end_ = false;
    std::unique_ptr<char[]> buffer_;
    std::size_t size_ = 0;
    std::size_t used_ = 0;
    void fill();
};

} // namespace hostav
