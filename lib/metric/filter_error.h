// SPDX-License-Identifier: GPL-2.0-only
//
// Where in a filter pattern something is wrong, and what.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace hostav {

struct FilterError {
    std::size_t offset = 0; ///< bytes from the pattern's begin; its length where something misses
    std::string why;        ///< `expected ...`, printable

    /// For a line: `character 7: expected ...`; counts characters from 1.
    [[nodiscard]] Error error(std::string_view pattern, std::string what) const;
    /// For a terminal: the pattern, what does not print as `?`, and below it a caret under the
    /// place. Two lines without the last line's end.
    [[nodiscard]] std::string caret(std::string_view pattern) const;
};

template <typename T>
using FilterResult = std::expected<T, FilterError>;

[[nodiscard]] inline std::unexpected<FilterError> filter_fail(std::size_t offset, std::string why) {
    return std::unexpected(FilterError{offset, std::move(why)});
}

} // namespace hostav
