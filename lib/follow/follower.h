// SPDX-License-Identifier: GPL-2.0-only
//
// Files that grow, by pattern, through every kind of rotation. All of them in one process without
// threads: inotify(7) tells what changed, and where it cannot (network file systems, no watches
// left) they are looked at every second.
//
// A file is known by device, inode and the content of its first lines. Behind one path stands a
// chain of files: a rotated one is read to its end before the one that took its name, also when it
// was renamed, copied and truncated, compressed (gzip) or deleted meanwhile, and also when that
// happened several times while nobody looked, as far as the rotated files are still there beside
// the path.
// What nobody can tell is listed in chain.h.
#pragma once

#include "base/error.h"
#include "follow/event_reader.h"
#include "follow/input.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hostav {

/// One source: `file` of a section in awslogs.conf.
struct FileSourceOptions {
    std::string name;      ///< of the section: first part of the keys of its inputs
    std::string pattern;   ///< absolute path, with wildcards (glob(7)) in any part
    bool all = false;      ///< every match; else the newest, as awslogs has it
    bool from_end = false; ///< initial_position = end_of_file: for what is there at the beginning
    unsigned fingerprint_first = 1, fingerprint_last = 1; ///< file_fingerprint_lines
    const EventFormat *format = nullptr;                  ///< outlives the follower
    /// Saved records of this section, every key that begins with file_key_prefix(name); none: it
    /// is new, which is when `from_end` counts.
    std::map<std::string, std::string> records;
};

struct FollowerOptions {
    /// Half lines are taken as they are after this time without growth.
    std::chrono::milliseconds half_line{5000};
    /// Those of a file that was not rotated are not: they wait for their end, however late it is.
    bool whole_lines = false;
    /// An event at the end of a file is complete after this time without growth.
    std::chrono::milliseconds event_end{1000};
    /// A rotated file is still looked at for this long after its last growth.
    std::chrono::milliseconds rotated{60000};
    /// Files that must not be followed, because their lines are our own messages (device, inode).
    std::vector<std::pair<std::uint64_t, std::uint64_t>> own;
    /// A line for people, already escaped; rate-limited by the owner. `key`: which one it is.
    std::function<void(const std::string &key, const std::string &text)> complain;
    bool poll_only = false; ///< without inotify
};

/// A path or pattern of the command line, absolute; a directory is refused.
[[nodiscard]] Result<std::string> followed_path(const std::string &path);

/// Standard output and error where they are files: for FollowerOptions::own.
[[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> own_outputs();

/// What --status shows of a file.
struct FileProgress {
    std::string section, path;
    std::uint64_t offset = 0, size = 0; ///< of the file that is read now
    std::uint64_t behind = 0;           ///< bytes, rotated files too
};

class Follower {
  public:
    explicit Follower(FollowerOptions options);
    ~Follower();
    Follower(const Follower &) = delete;
    Follower &operator=(const Follower &) = delete;
    Follower(Follower &&) = delete;
    Follower &operator=(Follower &&) = delete;

    Result<void> add(const FileSourceOptions &source);

    /// To poll for reading; -1 without inotify.
    [[nodiscard]] int fd() const;
    /// When work() wants to be called although fd() is quiet.
    [[nodiscard]] Input::Clock::time_point next_work() const;
    /// Reads what inotify says, looks for files where it is time, ends those that are done. New
    /// inputs appear and finished ones go (their keys are in `gone`, so that records can go, too).
    struct Changes {
        std::vector<Input *> appeared;
        std::vector<Input *> gone; ///< valid until the next work()
        /// Their records have changed without a delivery (a rotation): worth keeping, as are those
        /// of new ones; may have duplicates.
        std::vector<Input *> moved;
    };
    Changes work(Input::Clock::time_point now);
    /// Every input; owned here.
    [[nodiscard]] std::vector<Input *> inputs() const;
    [[nodiscard]] std::vector<FileProgress> progress() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// What the keys of all inputs of a section begin with.
[[nodiscard]] std::string file_key_prefix(const std::string &section);

/// What a record (Input::record) of a file says, for --status without a running follower.
[[nodiscard]] Result<FileProgress> read_file_record(const std::string &key,
                                                    const std::string &record);

} // namespace hostav
