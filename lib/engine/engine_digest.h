// SPDX-License-Identifier: GPL-2.0-only
//
// Whether two processes would give the same verdicts.
#pragma once

#include "engine/engine_options.h"

#include <string>

namespace hostav {

/// A digest (SHA-256, hex) over libclamav's version, every option that can change a verdict or a
/// report, and the identity (device, inode, size, both times) of every database file that would be
/// loaded: equal ones mean the same files, unchanged. Nothing is read but names and inodes. Empty
/// while the databases are being installed or cannot be told.
[[nodiscard]] std::string engine_digest(const EngineOptions &options);

} // namespace hostav
