// SPDX-License-Identifier: GPL-2.0-only
//
// What somebody else says, such as a service in its answer, for a message of ours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hostav {

/// The first line that is not blank, escaped as by escape_path (base/text.h); after `most` bytes
/// ` …` stands for the rest, as it does for further lines.
[[nodiscard]] std::string excerpt(std::string_view words, std::size_t most = 1000);

} // namespace hostav
