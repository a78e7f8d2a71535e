// SPDX-License-Identifier: GPL-2.0-only
//
// Where a printer's lines go.
#pragma once

#include "base/signals.h"
#include "scan/printer.h"

namespace hostav {

/// Writes to a descriptor that may be a slow pipe; false when nobody reads any more, or when a
/// signal came and the pipe stays full. `signals` must outlive the sink.
[[nodiscard]] Printer::Sink sink_to(int fd, Signals &signals);

} // namespace hostav
