// SPDX-License-Identifier: GPL-2.0-only
//
// What a kind of filter pattern does with a line. One implementation a kind; Filter (filter.h) is
// what everybody else uses.
#pragma once

#include "metric/filter_field.h"
#include "metric/pattern_scanner.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

class Matcher {
  public:
    Matcher() = default;
    Matcher(const Matcher &) = delete;
    Matcher &operator=(const Matcher &) = delete;
    virtual ~Matcher() = default;

    [[nodiscard]] virtual bool matches(std::string_view line) = 0;
    /// The bytes of every line that matches have it in them; empty where nothing is known.
    [[nodiscard]] virtual std::string_view literal() const { return {}; }
    /// The literal is all that a line needs.
    [[nodiscard]] virtual bool literal_is_all() const { return false; }
    /// Of a line that matches.
    [[nodiscard]] virtual std::vector<FilterField> fields(std::string_view line) = 0;
    [[nodiscard]] virtual std::vector<std::optional<std::string>>
    values(std::string_view line, std::span<const FieldReference> wanted) = 0;
    [[nodiscard]] virtual FilterResult<FieldReference> reference(std::string_view text) const = 0;
    [[nodiscard]] virtual std::size_t exhausted() const { return 0; }
    /// See Filter::local_only().
    [[nodiscard]] virtual std::optional<FilterError> local_only() const { return {}; }
};

/// Each at the pattern's first character that is no blank; takes all of it.
FilterResult<std::unique_ptr<Matcher>> parse_terms(PatternScanner &scanner);
FilterResult<std::unique_ptr<Matcher>> parse_delimited(PatternScanner &scanner);
FilterResult<std::unique_ptr<Matcher>> parse_json(PatternScanner &scanner);

} // namespace hostav
