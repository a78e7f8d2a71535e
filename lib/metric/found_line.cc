// SPDX-License-Identifier: GPL-2.0-only
#include "metric/found_line.h"

#include <algorithm>

namespace hostav {

namespace {

/// clamd's time, asctime(3)'s 24 characters, and its arrow. A path may have an arrow in it, too.
std::string_view without_time(std::string_view line) {
    constexpr std::string_view shape = "Aaa Aaa .0 00:00:00 0000 -> ";
    const auto fits = [](char c, char wanted) {
        if (wanted == 'A')
            return c >= 'A' && c <= 'Z';
        if (wanted == 'a')
            return c >= 'a' && c <= 'z';
        if (wanted == '0')
            return c >= '0' && c <= '9';
        return wanted == '.' || c == wanted;
    };
    if (line.size() >= shape.size() &&
        std::equal(shape.begin(), shape.end(), line.begin(),
                   [fits](char wanted, char c) { return fits(c, wanted); }))
        line.remove_prefix(shape.size());
    return line;
}

} // namespace

std::optional<FoundLine> parse_found_line(std::string_view line) {
    constexpr std::string_view end = " FOUND";
    constexpr std::string_view between = ": ";
    if (!line.ends_with(end))
        return std::nullopt;
    line.remove_suffix(end.size());
    line = without_time(line);
    // Names of signatures have no blanks; paths may have anything.
    const auto colon = line.rfind(between);
    if (colon == std::string_view::npos || colon == 0 || colon + between.size() == line.size())
        return std::nullopt;
    return FoundLine{line.substr(0, colon), line.substr(colon + between.size())};
}

} // namespace hostav
