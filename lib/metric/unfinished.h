// SPDX-License-Identifier: GPL-2.0-only
//
// What is counted of periods that are not over, kept over a restart.
#pragma once

#include "metric/data_spool.h"

#include <vector>

namespace hostav {

/// With the next commit of `spool`.
void save_unfinished(DataSpool &spool, const std::vector<Datum> &counted);
/// What was saved last; lines that are no data are left out, and counted in `damaged`.
[[nodiscard]] Result<std::vector<Datum>> saved_unfinished(const DataSpool &spool,
                                                          std::uint64_t &damaged);

} // namespace hostav
