// SPDX-License-Identifier: GPL-2.0-only
//
// Walks files and directories with openat(2): no limit on path lengths, no symbolic link is
// followed unless asked for, special files are never opened, each step holds the directory's
// descriptor so that nothing can be swapped underneath. Pulled one entry at a time, in the order
// readdir gives, depth first, as clamscan walks. Not thread-safe; owns one descriptor a level.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace hostav {

enum class EntryKind {
    file,                  ///< a regular file with content, open for reading
    empty,                 ///< a regular file of size 0, not opened
    directory,             ///< a directory was entered (counted, never printed)
    excluded,              ///< left out by a filter or by cross_fs
    pseudo_filesystem,     ///< proc, sysfs and their kind; `detail` is the type's name
    symlink,               ///< a symbolic link that is not followed
    access_denied,         ///< not readable by this (unprivileged) user
    cannot_open,           ///< a file that could not be opened: `error`
    cannot_open_directory, ///< a directory that could not be opened or read: `error`
    cannot_access,         ///< an argument that is not there: `error`
    unsupported,           ///< an argument that is a FIFO, socket or device
};

struct Entry {
    EntryKind kind = EntryKind::file;
    std::string path;      ///< as it is to be shown: relative stays relative; raw bytes
    std::string real_path; ///< absolute, links resolved; raw bytes, any length
    struct stat st = {};   ///< of the file itself (a followed link's target)
    Fd fd;                 ///< kind file: O_RDONLY, close-on-exec, O_NOATIME where allowed
    std::shared_ptr<const Fd> directory; ///< the containing directory; null for a followed link
    std::string name;                    ///< the name in `directory`
    int error = 0;                       ///< errno, where kind says so
    std::string detail;
};

/// Values of --follow-dir-symlinks and --follow-file-symlinks.
enum class Follow { never = 0, arguments = 1, always = 2 };

struct WalkOptions {
    bool recursive = false;
    Follow directory_links = Follow::arguments;
    Follow file_links = Follow::arguments;
    bool cross_fs = true;
    unsigned max_depth = 15;         ///< directory levels below an argument, as --max-dir-recursion
    bool pseudo_filesystems = false; ///< enter proc and its kind below an argument too
    /// Asked before a file is opened and a directory entered: real path, shown path. True: in.
    std::function<bool(const std::string &real, const std::string &shown)> wants_file = {};
    std::function<bool(const std::string &real, const std::string &shown)> wants_directory = {};
    /// Told of each directory that max_depth kept out: shown path.
    std::function<void(const std::string &shown)> kept_out = {};
};

class Walk {
  public:
    explicit Walk(WalkOptions options);
    ~Walk();
    Walk(Walk &&) noexcept;
    Walk &operator=(Walk &&) noexcept;

    /// Begins with an argument (any length, raw bytes). Only when the last one is finished.
    void start(const std::string &argument);
    /// The next entry, or nothing when the argument is finished. A file or directory that vanished
    /// since readdir named it is passed over silently; an argument that is not there is not.
    std::optional<Entry> next();
    /// Directories of all arguments so far that max_depth kept out: they give no entry, since
    /// clamscan prints no line for them, yet nothing below them was seen.
    [[nodiscard]] std::uint64_t too_deep() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// openat(2) for paths longer than PATH_MAX: opens directory by directory. `flags` apply to the
/// last component; O_CLOEXEC is added. Empty Fd and errno on failure.
[[nodiscard]] Fd open_long_path(int dirfd, const std::string &path, int flags);

} // namespace hostav
