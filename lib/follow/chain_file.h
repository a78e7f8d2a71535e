// SPDX-License-Identifier: GPL-2.0-only
//
// One file behind a followed path, and what tells it from others and from copies of it.
#pragma once

#include "follow/file_record.h"
#include "follow/input.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

struct ChainFile {
    using Clock = Input::Clock;
    /// Why what is there cannot be filled yet.
    enum class Wait {
        nothing,
        event,     ///< its last event may go on
        half_line, ///< its last line has no end
        for_good,  ///< there is nothing in it, or it cannot be read
        failure    ///< reading it failed
    };

    FileContent content; ///< none: closed
    FilePlace place;     ///< what is delivered of it
    std::string path;    ///< where it was opened
    std::uint64_t size = 0;
    std::int64_t modified = 0; ///< nanoseconds since 1970
    std::int64_t since = 0;    ///< likewise: what comes after it was not made before
    Clock::time_point grown;   ///< when it was seen to be larger than before
    Clock::time_point unread_since;
    std::uint64_t tried = 0;   ///< the size at which its fingerprint was wanting
    Anchor seen;               ///< its end when looked at last, as long as it is barely read
    std::uint64_t read_to = 0; ///< the end that the last fill came to
    Wait wait = Wait::nothing;
    std::uint64_t wait_size = 0; ///< the wait counts while it has this size
    Clock::time_point retry_at;  ///< after a failure
    int watch = -1;
    bool polled = false;  ///< inotify says nothing of it
    bool matched = false; ///< a name of it matches its source's pattern
};
using ChainFiles = std::vector<std::unique_ptr<ChainFile>>;

/// A file just opened, nothing of it read.
[[nodiscard]] std::unique_ptr<ChainFile> open_chain_file(FileContent content,
                                                         const FileStatus &status,
                                                         const std::string &path,
                                                         Input::Clock::time_point now);

/// Where a file ends, and what stands there.
[[nodiscard]] std::optional<Anchor> end_of(const FileContent &content);
/// Whether a file has at its start what was read of this place's.
[[nodiscard]] bool belongs(const FilePlace &place, const FileStatus &status,
                           const FileContent &content);
/// The same file, as far as the file system tells. Numbers of devices change at boot, inode numbers
/// are given again.
[[nodiscard]] bool same_file(const FilePlace &place, const FileStatus &status);
/// Nothing was read, or even seen.
[[nodiscard]] bool is_untouched(const FilePlace &place);
/// Where the first lines end, which may be those of others, too.
[[nodiscard]] std::uint64_t first_lines_end(const FilePlace &place);
/// No more than those.
[[nodiscard]] bool is_barely_read(const FilePlace &place);
/// Whether `content` is a copy of a file: of what was read of it, or where it is still held, of
/// what is in it.
[[nodiscard]] bool is_copy(const ChainFile &file, const FileContent &content);

} // namespace hostav
