// SPDX-License-Identifier: GPL-2.0-only
//
// Where sigupdate keeps what. All on the file system of the databases, because files move between
// them by rename and hard link:
//
//   DIR                        the live databases (DatabaseDirectory), freshclam.dat
//   DIR/.hostav/               mode 0755, so that scan can look
//     run.lock                 held (flock) by whoever updates, goes back, imports
//     commit.lock              held by whoever changes files of DIR, for moments
//     journal, current         see engine/installed_set.h
//   STATE = DIR/.hostav or --state-dir
//     staging/                 the next set while it is fetched and proven
//     sets/N/                  kept sets, hard links, with `set`
//     refused/TIME/            sets that failed their proof, with `report`
//     sources                  what was last fetched from each DatabaseCustomURL
//     checked                  when the mirrors were last asked, for --if-due
//     holds                    --hold and what was rolled back
//     allowed                  --allow
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <optional>
#include <string>

namespace hostav {

class Places {
  public:
    /// Opens the directory, makes what is missing below it (never DIR itself). Fails when a state
    /// directory lies on another file system. what = the path.
    static Result<Places> open(const std::string &database_directory,
                               const std::optional<std::string> &state_directory);

    [[nodiscard]] const std::string &database() const { return database_path_; } ///< absolute
    [[nodiscard]] int database_fd() const { return database_.get(); }
    [[nodiscard]] const std::string &control() const { return control_path_; }
    [[nodiscard]] int control_fd() const { return control_.get(); }
    [[nodiscard]] const std::string &state() const { return state_path_; }
    [[nodiscard]] int state_fd() const { return state_.get(); }

    /// An empty directory STATE/name, mode 0755; what was in it is gone.
    [[nodiscard]] Result<Fd> make_empty(const std::string &name) const;

  private:
    std::string database_path_, control_path_, state_path_;
    Fd database_, control_, state_;
};

/// A lock that the kernel drops with the process. The file holds the owner's process id.
class Lock {
  public:
    /// Nothing when somebody else has it; `holder` is then who, as far as is known (0: unknown).
    static Result<std::optional<Lock>> take(int directory, const std::string &name, pid_t &holder);
    /// Waits for it, at most `seconds`; a failure after that.
    static Result<Lock> wait_for(int directory, const std::string &name, unsigned seconds);

  private:
    explicit Lock(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

/// The process id of a freshclam at work on this directory (it makes the directory its working
/// directory), 0 when there is none that we may see.
[[nodiscard]] pid_t find_freshclam(const std::string &database_directory);

} // namespace hostav
