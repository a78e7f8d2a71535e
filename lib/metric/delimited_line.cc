// SPDX-License-Identifier: GPL-2.0-only
#include "metric/delimited_line.h"

#include "metric/pattern_scanner.h"

namespace hostav {

void DelimitedLine::skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front()))
        rest_.remove_prefix(1);
}

/// Where the mark is that ends the field which begins the rest, 0 where none is.
std::size_t DelimitedLine::marked(char close) {
    auto &none = close == '"' ? no_quote_ : no_bracket_;
    auto found = none ? std::string_view::npos : rest_.find(close, 1);
    while (found != std::string_view::npos && found + 1 < rest_.size() &&
           !is_blank(rest_[found + 1]))
        found = rest_.find(close, found + 1);
    none = found == std::string_view::npos;
    return none ? 0 : found;
}

std::string_view DelimitedLine::next() {
    const char first = rest_.front();
    if (first == '"' || first == '[') {
        if (const auto close = marked(first == '"' ? '"' : ']'); close != 0) {
            const auto field = rest_.substr(1, close - 1);
            rest_.remove_prefix(close + 1);
            skip_blanks();
            return field;
        }
    }
    std::size_t size = 0;
    while (size < rest_.size() && !is_blank(rest_[size]))
        ++size;
    const auto field = rest_.substr(0, size);
    rest_.remove_prefix(size);
    skip_blanks();
    return field;
}

std::string_view DelimitedLine::rest() {
    auto whole = rest_;
    const auto field = next();
    if (rest_.empty())
        return field;
    while (is_blank(whole.back()))
        whole.remove_suffix(1);
    rest_ = {};
    return whole;
}

} // namespace hostav
