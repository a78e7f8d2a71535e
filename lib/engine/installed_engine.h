// SPDX-License-Identifier: GPL-2.0-only
//
// Loads an engine from database directories that sigupdate may be changing at this moment.
#pragma once

#include "engine/engine.h"

namespace hostav {

/// As Engine::load(), but every directory among the databases is loaded as one whole set: the new
/// one where an installation was interrupted (see engine/installed_set.h), and anew where it has
/// changed while it was loaded.
[[nodiscard]] Result<Engine> load_installed(const EngineOptions &options,
                                            const LoadProgress &progress = {});

} // namespace hostav
