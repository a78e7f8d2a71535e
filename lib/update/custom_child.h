// SPDX-License-Identifier: GPL-2.0-only
//
// Private to fetch_custom(): what runs in the child. It says everything on stdout, one flat JSON
// object a line: `{"line":…}` to be relayed, `{"progress":…}`, and one `{"index":…}` a source.
#pragma once

#include "net/http.h"
#include "update/custom.h"

namespace hostav {

int run_custom_sources(const UpdateConfig &config, const CustomRequest &request, bool progress);

/// The options that every transfer of a configuration shares.
[[nodiscard]] HttpOptions http_options(const UpdateConfig &config, const std::string &ca_bundle);

} // namespace hostav
