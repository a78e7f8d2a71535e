// SPDX-License-Identifier: GPL-2.0-only
//
// Temporary files and directories, and whole writes.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace hostav {

/// A file without a name in `directory`, for reading and writing, gone when closed (O_TMPFILE, or
/// where the file system lacks it, made and unlinked).
[[nodiscard]] Result<Fd> unnamed_file(const std::string &directory);

/// Writes all of `bytes` at the descriptor's offset; EINTR is retried.
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes, const std::string &what);

/// Removes everything below `directory` without following links or leaving it; the directory
/// itself stays. Any depth. Best effort: what cannot be removed is left.
void remove_contents(int directory);

/// Whether a regular file's first, middle and last pages are in the page cache; true when it
/// cannot be told.
[[nodiscard]] bool probably_cached(int fd, std::uint64_t size);

} // namespace hostav
