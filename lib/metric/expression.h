// SPDX-License-Identifier: GPL-2.0-only
//
// `%regular expressions%` of filter patterns: the part of the language that CloudWatch Logs takes
// ("Supported regular expressions", FilterAndPatternSyntax in its user guide): letters, digits,
// blanks, `:_#=@/;,-`, the operators `^ $ ? [ ] { } | \ * + .`, \d \D \s \S \w \W and \xHH; no
// parentheses. They are searched for, not matched whole. A character is one of UTF-8; bytes that
// are none count as the U+FFFD which the service would hold in their place.
//
// A text is anybody's, and a search may cost the square of its length: of one longer than
// `longest_searched` only the two ends are searched, each as if it were a text of its own.
#pragma once

#include "base/regex.h"
#include "metric/pattern_scanner.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace hostav {

/// Bytes. A path of PATH_MAX, every byte of it escaped in four, and its line fit.
constexpr std::size_t longest_searched = 32768;

class Expression {
  public:
    /// At the first `%`; takes the second.
    static FilterResult<Expression> parse(PatternScanner &scanner);

    [[nodiscard]] bool search(std::string_view text) const;
    /// A text without it cannot match; empty where there is no such literal.
    [[nodiscard]] const std::string &literal() const { return literal_; }
    /// Searches that were given up (base/regex.h).
    [[nodiscard]] std::size_t exhausted() const { return regex_.exhausted(); }

  private:
    Expression(Regex regex, std::string literal, bool characters)
        : regex_(std::move(regex)), literal_(std::move(literal)), characters_(characters) {}
    [[nodiscard]] bool search_whole(std::string_view text) const;

    Regex regex_;
    std::string literal_;
    bool characters_; ///< it matters which bytes make a character
};

} // namespace hostav
