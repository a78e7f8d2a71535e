// SPDX-License-Identifier: GPL-2.0-only
//
// Tables of patterns and lines.
#pragma once

#include "metric/filter.h"

#include "tests/support/catch.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace hostav::filter_cases {

inline Filter filter(std::string_view pattern) {
    auto parsed = parse_filter(pattern);
    INFO("pattern " << pattern << ": " << (parsed ? "" : parsed.error().why));
    REQUIRE(parsed.has_value());
    return std::move(*parsed);
}

struct Case {
    std::string_view pattern, line;
    bool matches;
};

inline void check(std::initializer_list<Case> cases) {
    for (const auto &one : cases) {
        INFO("pattern " << one.pattern << "\nline    " << one.line);
        const auto parsed = filter(one.pattern);
        CHECK(parsed.matches(one.line) == one.matches);
        // As one of many lines it is found by its literal.
        const auto text = "-\n" + std::string(one.line) + "\n-\n";
        const auto others = parsed.matches("-") ? 2U : 0U;
        CHECK(parsed.count(text) == others + (one.matches ? 1U : 0U));
    }
}

/// `$name=value $name=value`, in the filter's order.
inline std::string fields(std::string_view pattern, std::string_view line) {
    std::string out;
    for (const auto &field : filter(pattern).fields(line))
        out += (out.empty() ? "" : "|") + field.name + "=" + field.value;
    return out;
}

} // namespace hostav::filter_cases
