// SPDX-License-Identifier: GPL-2.0-only
//
// One JSON string, appended to a buffer: for bodies of a megabyte that are written event by event,
// where building a document of objects first would cost more than all the rest.
#pragma once

#include <string>
#include <string_view>

namespace hostav {

/// Appends `text`, which must be valid UTF-8, with its quotes; `"`, `\` and control characters are
/// escaped, nothing else is.
void append_json_text(std::string &to, std::string_view text);

} // namespace hostav
