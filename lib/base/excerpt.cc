// SPDX-License-Identifier: GPL-2.0-only
#include "base/excerpt.h"

#include "base/text.h"

#include <algorithm>

namespace hostav {

std::string excerpt(std::string_view words, std::size_t most) {
    constexpr std::string_view line_ends = "\r\n";
    words.remove_prefix(std::min(words.find_first_not_of(" \t\r\n"), words.size()));
    const auto end = std::min({words.find_first_of(line_ends), most, words.size()});
    // A character that the limit cuts goes as a whole.
    auto line = words.substr(0, end);
    if (const auto whole = utf8_prefix(line); is_cut_utf8(line.substr(whole)))
        line = line.substr(0, whole);
    const bool more = words.find_first_not_of(line_ends, end) != std::string_view::npos;
    return escape_path(line) + (more ? " …" : "");
}

} // namespace hostav
