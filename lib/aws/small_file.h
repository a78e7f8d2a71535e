// SPDX-License-Identifier: GPL-2.0-only
//
// Files of settings and secrets that others write: read whole, links followed (what is mounted into
// a container is links), known again by their times.
#pragma once

#include "base/error.h"

#include <optional>
#include <string>

namespace hostav {

/// At most a megabyte of a regular file; nothing where there is none. One that may not be read is a
/// failure if somebody `named` it, otherwise as good as none.
[[nodiscard]] Result<std::optional<std::string>> read_small_file(const std::string &path,
                                                                 bool named);
/// Another text as soon as the file is another, changed, gone or there.
[[nodiscard]] std::string file_tag(const std::string &path);

} // namespace hostav
