// SPDX-License-Identifier: GPL-2.0-only
#include "metric/filter_error.h"

#include "base/text.h"

#include <algorithm>

namespace hostav {

namespace {

/// One printable column a character, as far as UTF-8 says what a character is.
std::string printable(std::string_view raw) {
    const auto text = to_utf8(raw);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
        const bool c1 = byte == 0xC2 && next < 0xA0;
        out += byte < ' ' || byte == 0x7F || c1 ? '?' : text[i];
        i += c1 ? 1 : 0;
    }
    return out;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned>(c) & 0xC0U) != 0x80U; }));
}

} // namespace

Error FilterError::error(std::string_view pattern, std::string what) const {
    const auto before = characters(printable(pattern.substr(0, offset)));
    return {std::move(what), "character " + std::to_string(before + 1) + ": " + why};
}

std::string FilterError::caret(std::string_view pattern) const {
    const auto before = printable(pattern.substr(0, offset));
    const auto after = printable(pattern.substr(std::min(offset, pattern.size())));
    return before + after + "\n" + std::string(characters(before), ' ') + "^";
}

} // namespace hostav
