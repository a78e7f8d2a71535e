// SPDX-License-Identifier: GPL-2.0-only
//
// Private to lib/engine/clamav_*.cc: the owner of a cl_engine.
#pragma once

#include "engine/engine.h"

#include <clamav.h>

namespace hostav {

struct Engine::Handle {
    cl_engine *engine = nullptr;
    /// The same limits without a single signature: unpacks at a fraction of the cost, to learn
    /// which limits a file meets.
    cl_engine *bare = nullptr;
    cl_scan_options scan{};
    std::string temporary_directory = "/tmp";

    Handle() = default;
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    ~Handle() {
        for (cl_engine *owned : {engine, bare})
            if (owned != nullptr)
                cl_engine_free(owned);
    }
};

/// The flags cl_scandesc takes for these options.
[[nodiscard]] cl_scan_options scan_flags(const EngineOptions &options);

} // namespace hostav
