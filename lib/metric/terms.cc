// SPDX-License-Identifier: GPL-2.0-only
//
// Patterns for lines without structure: terms, or one regular expression.
#include "metric/expression.h"
#include "metric/matcher.h"

#include <algorithm>
#include <cstring>

namespace hostav {

namespace {

/// Neither kind has fields.
class Unstructured : public Matcher {
  public:
    std::vector<FilterField> fields(std::string_view /*line*/) override { return {}; }
    std::vector<std::optional<std::string>>
    values(std::string_view /*line*/, std::span<const FieldReference> wanted) override {
        return std::vector<std::optional<std::string>>(wanted.size());
    }
    FilterResult<FieldReference> reference(std::string_view /*text*/) const override {
        return filter_fail(0, "only space-delimited and JSON patterns give fields");
    }
};

class ExpressionMatcher : public Unstructured {
  public:
    explicit ExpressionMatcher(Expression expression) : expression_(std::move(expression)) {}
    bool matches(std::string_view line) override { return expression_.search(line); }
    std::string_view literal() const override { return expression_.literal(); }
    std::size_t exhausted() const override { return expression_.exhausted(); }

  private:
    Expression expression_;
};

bool contains(std::string_view line, const std::string &term) {
    return ::memmem(line.data(), line.size(), term.data(), term.size()) != nullptr;
}

class TermMatcher : public Unstructured {
  public:
    FilterResult<void> parse(PatternScanner &scanner);

    bool matches(std::string_view line) override {
        const auto in_line = [line](const auto &term) { return contains(line, term); };
        return std::ranges::all_of(required_, in_line) &&
               std::ranges::none_of(excluded_, in_line) &&
               (optional_.empty() || std::ranges::any_of(optional_, in_line));
    }
    std::string_view literal() const override {
        return required_.empty() ? std::string_view() : required_.front();
    }
    bool literal_is_all() const override {
        // A line has no line end in it, though a text of lines has.
        return excluded_.empty() && optional_.empty() && required_.size() <= 1 &&
               literal().find_first_of("\r\n") == std::string_view::npos;
    }

  private:
    FilterResult<void> parse_term(PatternScanner &scanner);

    std::vector<std::string> required_, optional_, excluded_;
};

FilterResult<void> TermMatcher::parse_term(PatternScanner &scanner) {
    auto *terms = &required_;
    if (scanner.take("?"))
        terms = &optional_;
    else if (scanner.take("-"))
        terms = &excluded_;
    std::string term;
    if (scanner.peek() == '"') {
        auto phrase = scanner.quoted(false);
        if (!phrase)
            return std::unexpected(std::move(phrase.error()));
        term = std::move(phrase->front());
    } else {
        term = scanner.run(is_word_character);
        if (term.empty() && scanner.peek() == '%')
            return scanner.fail("a regular expression stands alone, without other terms");
        if (term.empty() && (scanner.at_end() || is_blank(scanner.peek())))
            return scanner.fail("expected a term after ? or -");
    }
    if (!scanner.at_end() && !is_blank(scanner.peek()))
        return scanner.fail(
            "expected a letter, a digit, _ or a blank; a term with other characters "
            "stands in \"quotation marks\"");
    terms->push_back(std::move(term));
    scanner.skip_blanks();
    return {};
}

FilterResult<void> TermMatcher::parse(PatternScanner &scanner) {
    while (!scanner.at_end())
        if (auto done = parse_term(scanner); !done)
            return done;
    // The service ignores optional terms beside others.
    if (!required_.empty() || !excluded_.empty())
        optional_.clear();
    // `" "` alone is the user guide's way to say every line.
    if (required_.size() == 1 && required_.front() == " " && excluded_.empty())
        required_.clear();
    if (optional_.size() == 1)
        required_.swap(optional_);
    // The longest first: it is the rarest, and literal() answers it.
    std::ranges::stable_sort(required_, std::ranges::greater(), &std::string::size);
    return {};
}

} // namespace

FilterResult<std::unique_ptr<Matcher>> parse_terms(PatternScanner &scanner) {
    if (scanner.peek() != '%') {
        auto terms = std::make_unique<TermMatcher>();
        if (auto done = terms->parse(scanner); !done)
            return std::unexpected(std::move(done.error()));
        return terms;
    }
    auto expression = Expression::parse(scanner);
    if (!expression)
        return std::unexpected(std::move(expression.error()));
    scanner.skip_blanks();
    if (!scanner.at_end())
        return scanner.fail("a regular expression stands alone, without other terms");
    return std::make_unique<ExpressionMatcher>(std::move(*expression));
}

} // namespace hostav
