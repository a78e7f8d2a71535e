// SPDX-License-Identifier: GPL-2.0-only
//
// A filter pattern read from left to right: blanks, tokens, names, quoted texts. Knows no grammar.
// Offsets are bytes of the whole pattern, for FilterError.
#pragma once

#include "metric/filter_error.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

[[nodiscard]] constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_word_character(char c) {
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
[[nodiscard]] constexpr bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

class PatternScanner {
  public:
    explicit PatternScanner(std::string_view pattern) : pattern_(pattern) {}

    [[nodiscard]] std::size_t offset() const { return at_; }
    void rewind(std::size_t offset) { at_ = offset; }
    [[nodiscard]] bool at_end() const { return at_ == pattern_.size(); }
    /// '\0' at the end.
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return ahead < pattern_.size() - at_ ? pattern_[at_ + ahead] : '\0';
    }
    void advance(std::size_t bytes = 1) { at_ += bytes; }
    void skip_blanks();
    [[nodiscard]] std::string_view since(std::size_t offset) const {
        return pattern_.substr(offset, at_ - offset);
    }
    /// Takes `token` when it stands here.
    bool take(std::string_view token);
    /// As take(), a word in any case that ends here.
    bool take_word(std::string_view upper_case);
    /// The longest run of characters for which `belongs` is true, maybe none.
    template <typename Belongs>
    std::string_view run(Belongs belongs) {
        const auto begin = at_;
        while (!at_end() && belongs(pattern_[at_]))
            ++at_;
        return pattern_.substr(begin, at_ - begin);
    }
    /// What stands between the quotation marks, of which the first stands here, cut at each `*`
    /// when that is a wildcard: one piece more than there are wildcards. A backslash makes the next
    /// quotation mark, backslash or asterisk a plain one; before anything else it is itself.
    FilterResult<std::vector<std::string>> quoted(bool wildcards);
    /// An error at this place.
    [[nodiscard]] std::unexpected<FilterError> fail(std::string why) const {
        return filter_fail(at_, std::move(why));
    }

  private:
    std::string_view pattern_;
    std::size_t at_ = 0;
};

} // namespace hostav
