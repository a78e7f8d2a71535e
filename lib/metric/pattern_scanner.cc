// SPDX-License-Identifier: GPL-2.0-only
#include "metric/pattern_scanner.h"

#include "base/ascii.h"

namespace hostav {

void PatternScanner::skip_blanks() {
    run(is_blank);
}

bool PatternScanner::take(std::string_view token) {
    if (!pattern_.substr(at_).starts_with(token))
        return false;
    at_ += token.size();
    return true;
}

bool PatternScanner::take_word(std::string_view upper_case) {
    const auto here = pattern_.substr(at_, upper_case.size());
    if (lower_ascii(here) != lower_ascii(upper_case) || is_word_character(peek(here.size())))
        return false;
    at_ += here.size();
    return true;
}

FilterResult<std::vector<std::string>> PatternScanner::quoted(bool wildcards) {
    const auto begin = at_++;
    std::vector<std::string> pieces(1);
    while (!at_end()) {
        const char c = pattern_[at_++];
        const char next = peek();
        if (c == '"')
            return pieces;
        if (c == '\\' && (next == '"' || next == '\\' || (wildcards && next == '*'))) {
            pieces.back() += next;
            ++at_;
        } else if (wildcards && c == '*') {
            pieces.emplace_back();
        } else {
            pieces.back() += c;
        }
    }
    return filter_fail(begin, "expected a second \" that ends what this one begins");
}

} // namespace hostav
