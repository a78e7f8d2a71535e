// SPDX-License-Identifier: GPL-2.0-only
//
// Where the files come from: arguments, a list of paths that may still be growing, stdin. One
// stream of walk entries.
#pragma once

#include "base/error.h"
#include "base/path_list.h"
#include "base/signals.h"
#include "base/walk.h"
#include "scan/options.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace hostav {

/// A list that cannot be opened has an exit status of its own in clamscan.
inline constexpr int exit_no_list = 54;

class Source {
  public:
    static Result<Source> open(const ScanOptions &options,
                               const std::shared_ptr<const Selection> &selection);

    enum class State { entry, wait, end };
    /// wait: poll fd() for input, then call fill().
    State next(Entry &entry, Signals &signals);
    [[nodiscard]] int fd() const { return list_ ? list_->fd() : -1; }
    Result<void> fill();
    /// Directories that --max-dir-recursion kept out so far.
    [[nodiscard]] std::uint64_t too_deep() const { return walk_.too_deep(); }
    /// Where stdin is copied to when it is to be scanned.
    void set_temporary_directory(std::string path) { temporary_ = std::move(path); }

  private:
    Source(WalkOptions walk, std::optional<PathList> list);
    std::deque<std::string> arguments_;
    std::optional<PathList> list_;
    std::string temporary_;
    Walk walk_;
    bool walking_ = false;

    Entry copy_of_stdin(Signals &signals);
};

} // namespace hostav
