// SPDX-License-Identifier: GPL-2.0-only
//
// Selectors of JSON values: `$.a.b`, `$.a[0]`, `$[0].b`, `$.a[*]`, `$.*`, `$.['any key']`. Names
// hold letters, digits, `_` and `-`; any other key stands between brackets and quotation marks of
// either kind. `[*]` and `.*` both mean every element and every value, as the service has it.
#pragma once

#include "metric/filter_field.h"
#include "metric/pattern_scanner.h"

namespace hostav {

/// Selectors with a wildcard in a pattern; wildcards in a selector. The service's limits.
constexpr unsigned most_wildcards = 3;
constexpr unsigned most_wildcards_in_selector = 1;

/// At the `$`. At least one step.
FilterResult<JsonPath> parse_selector(PatternScanner &scanner);

[[nodiscard]] bool has_wildcard(const JsonPath &path);

} // namespace hostav
