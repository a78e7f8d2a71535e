// SPDX-License-Identifier: GPL-2.0-only
//
// Where the workers of one run keep their temporary files: `hostav-scan.XXXXXX` on tmpfs where
// memory allows it, with a directory a worker inside. Held by a lock while the run lives; what a
// killed run left behind is removed by the next one of the same user.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace hostav {

struct RunDirectoryOptions {
    std::string parent;             ///< --tempdir; empty: chosen
    std::uint64_t bytes_wanted = 0; ///< what the workers may fill it with, to choose the place
    bool keep = false;              ///< --leave-temps
};

class RunDirectory {
  public:
    static Result<RunDirectory> make(const RunDirectoryOptions &options);
    RunDirectory(RunDirectory &&other) noexcept;
    RunDirectory &operator=(RunDirectory &&) = delete;
    RunDirectory(const RunDirectory &) = delete;
    RunDirectory &operator=(const RunDirectory &) = delete;
    ~RunDirectory(); ///< removes it, with all content, unless it is kept

    [[nodiscard]] const std::string &path() const { return path_; }
    /// Makes the directory of worker `number` and gives it to `uid`.
    Result<Fd> make_worker(unsigned number, uid_t uid, gid_t gid);
    /// Removes what a worker that has ended left behind.
    void remove_worker(unsigned number);
    [[nodiscard]] std::string worker_path(unsigned number) const;

  private:
    RunDirectory(std::string path, Fd fd, bool keep);
    std::string path_;
    Fd fd_;
    bool keep_;
};

} // namespace hostav
