// SPDX-License-Identifier: GPL-2.0-only
//
// `= value`, `!= value`, `> 5` … as they stand behind a field's name or a JSON selector, and `&&`
// and `||` between such conditions.
//
// What a value means was seen at the service where its manual is silent: a number without quotation
// marks equals numbers of that size and texts written like it; in quotation marks it equals only
// what is written like it; `<` and `>` are for numbers without quotation marks.
#pragma once

#include "metric/expression.h"
#include "metric/pattern_scanner.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hostav {

/// Parentheses in parentheses.
constexpr unsigned deepest_condition = 64;
/// Regular expressions in a space-delimited or JSON pattern, as the service limits them.
constexpr unsigned most_expressions = 2;

/// A decimal number, sign and exponent allowed, or nothing; no hexadecimal, no infinity.
[[nodiscard]] std::optional<double> filter_number(std::string_view text);

class Comparison {
  public:
    [[nodiscard]] static bool begins(const PatternScanner &scanner);
    /// At an operator. `expressions` counts those of the whole pattern.
    static FilterResult<Comparison> parse(PatternScanner &scanner, unsigned &expressions);

    /// A JSON string.
    [[nodiscard]] bool accepts_text(std::string_view text) const;
    [[nodiscard]] bool accepts_number(double value, std::string_view written) const;
    /// A field of a line, which is a number when it looks like one.
    [[nodiscard]] bool accepts_field(std::string_view text) const;
    /// A text that is accepted has it in it; empty where there is none.
    [[nodiscard]] std::string_view literal() const;
    [[nodiscard]] std::size_t exhausted() const {
        return expression_ ? expression_->exhausted() : 0;
    }

  private:
    enum class Operator { equal, unequal, less, less_or_equal, greater, greater_or_equal };
    static Operator take_operator(PatternScanner &scanner);
    FilterResult<void> parse_value(PatternScanner &scanner, unsigned &expressions);
    [[nodiscard]] bool ordered(double value) const;
    [[nodiscard]] bool like(std::string_view text) const;

    Operator operator_ = Operator::equal;
    std::vector<std::string> pieces_; ///< of the text, between its wildcards
    std::optional<double> number_;
    std::optional<Expression> expression_;
};

/// What `&&`, `||` and parentheses make of single conditions, which have numbers.
struct Condition {
    enum class Kind { single, all, any };
    Kind kind = Kind::single;
    std::size_t number = 0;
    std::vector<Condition> parts;

    template <typename Holds>
    [[nodiscard]] bool holds(const Holds &single) const {
        if (kind == Kind::single)
            return single(number);
        for (const auto &part : parts)
            if (part.holds(single) == (kind == Kind::any))
                return kind == Kind::any;
        return kind == Kind::all;
    }
    /// Calls `needed` with each that must be true for the whole to be.
    template <typename Needed>
    void each_needed(const Needed &needed) const {
        if (kind == Kind::single)
            needed(number);
        else if (kind == Kind::all)
            for (const auto &part : parts)
                part.each_needed(needed);
    }
};

/// Reads one condition where the scanner stands and answers its number.
using SingleCondition = std::function<FilterResult<std::size_t>()>;
/// `&&` binds tighter than `||`. Leaves the scanner before what is neither.
FilterResult<Condition> parse_condition(PatternScanner &scanner, bool parentheses,
                                        const SingleCondition &single);

} // namespace hostav
