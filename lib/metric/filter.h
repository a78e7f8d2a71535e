// SPDX-License-Identifier: GPL-2.0-only
//
// The filter patterns of CloudWatch Logs: parsed once, then applied to lines. The language is that
// of the user guide's page "Filter pattern syntax" (FilterAndPatternSyntax); where it is silent,
// what the service was seen to do. The same pattern counts here and in a metric filter.
//
//   ERROR "a phrase" -excluded     terms: all must be in the line, anywhere, in this case
//   ?ERROR ?WARN                   one must; ignored beside terms that must or must not
//   %regular expression%           expression.h
//   [ip, ..., status = 4*, size]   fields between blanks; "..." and [...] in the line are one
//   { $.a = "x" && $.b[0] > 1 }    a JSON document
//   an empty pattern, " "          every line
//
// A filter holds buffers and PCRE2's memory: one thread at a time. Lines are bytes without their
// end; memory for one is bounded by its length (JSON: the longest string, and a bit a level).
#pragma once

#include "metric/filter_error.h"
#include "metric/filter_field.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// Characters; PutMetricFilter's filterPattern.
constexpr std::size_t longest_pattern = 1024;
/// Lines that end in ` FOUND`, as clamd and clamscan report what is infected. The plain term FOUND
/// would count paths with that word in them, too.
constexpr std::string_view default_pattern = R"(%\sFOUND$%)";

class Matcher;

class Filter {
  public:
    Filter(Filter &&) noexcept;
    Filter &operator=(Filter &&) noexcept;
    Filter(const Filter &) = delete;
    Filter &operator=(const Filter &) = delete;
    ~Filter();

    [[nodiscard]] bool matches(std::string_view line) const;

    /// Calls `matched` with each line of `text` that matches, in order, views into `text` without
    /// `\n` or `\r\n`. What follows the last `\n` is a line too, unless it is empty. Lines without
    /// a literal that the pattern needs are not looked at, so that they cost next to nothing.
    void for_each_match(std::string_view text,
                        const std::function<void(std::string_view)> &matched) const;
    [[nodiscard]] std::uint64_t count(std::string_view text) const;

    /// What a line that matches gives: of a space-delimited pattern every field, those below `...`
    /// by their position (`most_fields` of them at most); of a JSON pattern the values of its
    /// selectors that are texts, numbers or booleans. Nothing of other patterns.
    [[nodiscard]] std::vector<FilterField> fields(std::string_view line) const;
    /// `$name` or `$3` of a space-delimited pattern, `$.path` (also one that is not in the pattern)
    /// of a JSON pattern, for values(). Offsets in the error are of `name`.
    [[nodiscard]] FilterResult<FieldReference> reference(std::string_view name) const;
    /// The values of a line that matches, as they are written; nothing where the line has none.
    [[nodiscard]] std::vector<std::optional<std::string>>
    values(std::string_view line, std::span<const FieldReference> wanted) const;

    /// Searches for regular expressions that were given up for their cost so far, and counted as no
    /// match.
    [[nodiscard]] std::size_t exhausted() const;
    /// The first thing in the pattern that works here but that the service refuses (EXISTS and IS
    /// NOT of JSON), for who is going to send it there.
    [[nodiscard]] std::optional<FilterError> local_only() const;

  private:
    friend FilterResult<Filter> parse_filter(std::string_view pattern);
    explicit Filter(std::unique_ptr<Matcher> matcher);
    template <typename Matched>
    void apply(std::string_view text, const Matched &matched) const;

    std::unique_ptr<Matcher> matcher_;
};

/// Fields below `...` that Filter::fields() names.
constexpr std::size_t most_fields = 1000;

[[nodiscard]] FilterResult<Filter> parse_filter(std::string_view pattern);

} // namespace hostav
