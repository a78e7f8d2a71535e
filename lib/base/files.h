// SPDX-License-Identifier: GPL-2.0-only
//
// Temporary files and directories, and whole writes.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace hostav {

/// A file without a name in `directory`, for reading and writing, gone when closed (O_TMPFILE, or
/// where the file system lacks it, made and unlinked).
[[nodiscard]] Result<Fd> unnamed_file(const std::string &directory);

/// Writes all of `bytes` at the descriptor's offset; EINTR is retried.
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes, const std::string &what);

/// At most `most` bytes of a regular file; a longer one is a failure. Links are not followed.
[[nodiscard]] Result<std::string> read_file(int directory, const std::string &name,
                                            std::size_t most);
/// Replaces a file whole: written beside it, synced, renamed, the directory synced. After a crash
/// it is the old one or the new one.
[[nodiscard]] Result<void> replace_file(int directory, const std::string &name,
                                        std::string_view bytes, mode_t mode);
/// A second name for a file, or where that is not allowed (another file system, too many links,
/// protected_hardlinks) a copy. `to` must not exist.
[[nodiscard]] Result<void> link_or_copy(int from_directory, const std::string &from,
                                        int to_directory, const std::string &to);
/// A synced copy with mode and times. `to` must not exist; a failure leaves none.
[[nodiscard]] Result<void> copy_file(int from_directory, const std::string &from, int to_directory,
                                     const std::string &to);
/// From the working directory on; nothing of the path has to be there.
[[nodiscard]] Result<std::string> absolute_path(const std::string &path);
/// fsync(2) with an error that names `what`.
[[nodiscard]] Result<void> sync(int fd, const std::string &what);

/// Removes everything below `directory` without following links or leaving it; the directory
/// itself stays. Any depth. Best effort: what cannot be removed is left.
void remove_contents(int directory);

/// Whether a regular file's first, middle and last pages are in the page cache; true when it
/// cannot be told.
[[nodiscard]] bool probably_cached(int fd, std::uint64_t size);

} // namespace hostav
