// SPDX-License-Identifier: GPL-2.0-only
//
// A file that has no name until it is complete, and never replaces another one. What is not
// published leaves nothing behind; where the file system has O_TMPFILE, not even after a crash.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <string>

namespace hostav {

class StagedFile {
  public:
    /// Empty, mode 0600, open for reading and writing. `directory` (O_PATH will do) must stay open.
    static Result<StagedFile> create(int directory);
    StagedFile(StagedFile &&other) noexcept;
    StagedFile &operator=(StagedFile &&) = delete;
    StagedFile(const StagedFile &) = delete;
    StagedFile &operator=(const StagedFile &) = delete;
    ~StagedFile();

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Gives it `name`. Returns 0 or an errno value, EEXIST when the name is taken; may be called
    /// again with another name then.
    [[nodiscard]] int publish(const std::string &name);
    /// Makes names durable, best effort (an O_PATH descriptor has to be opened anew for it).
    void sync_directory() const;

  private:
    StagedFile(int directory, Fd fd, std::string temporary)
        : directory_(directory), fd_(std::move(fd)), temporary_(std::move(temporary)) {}
    int directory_;
    Fd fd_;
    std::string temporary_; ///< the name until then, where there is no O_TMPFILE
};

} // namespace hostav
