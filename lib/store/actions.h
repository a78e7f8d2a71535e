// SPDX-License-Identifier: GPL-2.0-only
//
// What happens to an infected file: --move, --copy, --remove as clamscan has them, --quarantine
// and --restore of our own. Every action takes the object that was scanned, by its descriptor;
// a name is unlinked only while it still names that object.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <memory>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace hostav {

enum class Action { none, copy, move, remove, quarantine };

/// An infected file, still open as it was scanned.
struct InfectedFile {
    std::string shown_path; ///< raw bytes
    std::string real_path;  ///< absolute, raw bytes, any length
    int fd = -1;
    struct stat st = {};
    std::shared_ptr<const Fd> directory; ///< null when reached through a link: resolved from fd
    std::string name;
    std::vector<std::string> signatures;
    std::string sha256; ///< lower-case hex; may be empty
};

struct ActionResult {
    bool done = false;
    std::string message; ///< the line to print, paths escaped: `PATH: moved to 'D/bad.001'`
};

class Actions {
  public:
    /// `directory`: the target of copy, move and quarantine, opened once without following a link
    /// in its last component; --quarantine makes it (mode 0700) when it is missing.
    static Result<Actions> prepare(Action action, const std::string &directory);
    Actions(Actions &&) noexcept;
    Actions &operator=(Actions &&) noexcept;
    ~Actions();

    [[nodiscard]] Action action() const;
    [[nodiscard]] ActionResult apply(const InfectedFile &file);

  private:
    struct Impl;
    explicit Actions(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Puts a quarantined file (`path` names it inside its quarantine directory) back where it came
/// from: content checked against its digest, owner, mode and times as recorded, never over an
/// existing file and never through a symbolic link. Then removes it and its record. Returns the
/// path it went to (raw bytes).
[[nodiscard]] Result<std::string> restore_quarantined(const std::string &path);

} // namespace hostav
