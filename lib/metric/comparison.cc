// SPDX-License-Identifier: GPL-2.0-only
#include "metric/comparison.h"

#include <algorithm>
#include <charconv>

namespace hostav {

namespace {

/// In values without quotation marks. The service wants those for anything else.
bool is_value_character(char c) {
    return is_word_character(c) || c == '.' || c == '-' || c == '+' || c == '*';
}

} // namespace

std::optional<double> filter_number(std::string_view text) {
    if (text.starts_with('+'))
        text.remove_prefix(1);
    const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
    const bool point = digits.starts_with('.') && digits.size() > 1;
    if (digits.empty() || (!is_digit(digits[0]) && !point))
        return {};
    double value = 0;
    const auto *const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end)
        return {};
    return value;
}

bool Comparison::begins(const PatternScanner &scanner) {
    const char c = scanner.peek();
    return c == '=' || c == '<' || c == '>' || (c == '!' && scanner.peek(1) == '=');
}

Comparison::Operator Comparison::take_operator(PatternScanner &scanner) {
    using enum Operator;
    if (scanner.take("!="))
        return unequal;
    if (scanner.take(">="))
        return greater_or_equal;
    if (scanner.take("<="))
        return less_or_equal;
    if (scanner.take(">"))
        return greater;
    if (scanner.take("<"))
        return less;
    scanner.advance();
    return equal;
}

FilterResult<void> Comparison::parse_value(PatternScanner &scanner, unsigned &expressions) {
    const auto begin = scanner.offset();
    if (scanner.peek() == '%') {
        if (++expressions > most_expressions)
            return scanner.fail("a pattern has at most 2 regular expressions");
        auto expression = Expression::parse(scanner);
        if (!expression)
            return std::unexpected(std::move(expression.error()));
        expression_ = std::move(*expression);
        return {};
    }
    if (scanner.peek() == '"') {
        auto pieces = scanner.quoted(true);
        if (!pieces)
            return std::unexpected(std::move(pieces.error()));
        pieces_ = std::move(*pieces);
        return {};
    }
    const auto word = scanner.run(is_value_character);
    if (word.empty())
        return scanner.fail("expected a number, a word, a \"text\" or a %regular expression%");
    if (word == "null")
        return filter_fail(begin, "expected a value; for null write IS NULL");
    number_ = filter_number(word);
    pieces_.emplace_back();
    for (const char c : word) {
        if (c == '*')
            pieces_.emplace_back();
        else
            pieces_.back() += c;
    }
    return {};
}

FilterResult<Comparison> Comparison::parse(PatternScanner &scanner, unsigned &expressions) {
    Comparison made;
    made.operator_ = take_operator(scanner);
    scanner.skip_blanks();
    const auto begin = scanner.offset();
    if (auto done = made.parse_value(scanner, expressions); !done)
        return std::unexpected(std::move(done.error()));
    const bool order = made.operator_ != Operator::equal && made.operator_ != Operator::unequal;
    if (order && !made.number_)
        return filter_fail(begin, "expected a number; only = and != compare texts");
    return made;
}

bool Comparison::ordered(double value) const {
    switch (operator_) {
    case Operator::less:
        return value < *number_;
    case Operator::less_or_equal:
        return value <= *number_;
    case Operator::greater:
        return value > *number_;
    case Operator::greater_or_equal:
        return value >= *number_;
    default:
        return false;
    }
}

/// The pieces in their order, the first at the begin, the last at the end. Taking each at its first
/// place is enough, so the text is read once.
bool Comparison::like(std::string_view text) const {
    if (expression_)
        return expression_->search(text);
    const auto &first = pieces_.front();
    const auto &last = pieces_.back();
    if (pieces_.size() == 1)
        return text == first;
    if (text.size() < first.size() + last.size() || !text.starts_with(first) ||
        !text.ends_with(last))
        return false;
    text = text.substr(first.size(), text.size() - first.size() - last.size());
    return std::all_of(pieces_.begin() + 1, pieces_.end() - 1, [&text](const auto &piece) {
        const auto found = text.find(piece);
        text.remove_prefix(found == std::string_view::npos ? 0 : found + piece.size());
        return found != std::string_view::npos;
    });
}

bool Comparison::accepts_text(std::string_view text) const {
    if (operator_ == Operator::equal || operator_ == Operator::unequal)
        return like(text) == (operator_ == Operator::equal);
    return false;
}

bool Comparison::accepts_number(double value, std::string_view written) const {
    if (operator_ != Operator::equal && operator_ != Operator::unequal)
        return ordered(value);
    const bool same = number_ ? value == *number_ : like(written);
    return same == (operator_ == Operator::equal);
}

bool Comparison::accepts_field(std::string_view text) const {
    // Reading a number costs more than comparing a text.
    if (!number_)
        return accepts_text(text);
    if (const auto value = filter_number(text))
        return accepts_number(*value, text);
    return accepts_text(text);
}

std::string_view Comparison::literal() const {
    if (operator_ != Operator::equal || number_)
        return {};
    if (expression_)
        return expression_->literal();
    return *std::ranges::max_element(pieces_, {}, &std::string::size);
}

namespace {

class ConditionParser {
  public:
    ConditionParser(PatternScanner &scanner, bool parentheses, const SingleCondition &single)
        : scanner_(scanner), single_(single), parentheses_(parentheses) {}

    FilterResult<Condition> any() {
        return list("||", Condition::Kind::any, &ConditionParser::all);
    }

  private:
    FilterResult<Condition> all() {
        return list("&&", Condition::Kind::all, &ConditionParser::one);
    }
    FilterResult<Condition> list(std::string_view between, Condition::Kind kind,
                                 FilterResult<Condition> (ConditionParser::*part)());
    FilterResult<Condition> one();

    PatternScanner &scanner_;
    const SingleCondition &single_;
    bool parentheses_;
    unsigned depth_ = 0;
};

FilterResult<Condition> ConditionParser::list(std::string_view between, Condition::Kind kind,
                                              FilterResult<Condition> (ConditionParser::*part)()) {
    Condition whole{.kind = kind, .number = 0, .parts = {}};
    do {
        scanner_.skip_blanks();
        auto next = (this->*part)();
        if (!next)
            return next;
        whole.parts.push_back(std::move(*next));
        scanner_.skip_blanks();
    } while (scanner_.take(between));
    if (whole.parts.size() > 1)
        return whole;
    auto only = std::move(whole.parts.front());
    return only;
}

FilterResult<Condition> ConditionParser::one() {
    if (!parentheses_ || scanner_.peek() != '(') {
        auto number = single_();
        if (!number)
            return std::unexpected(std::move(number.error()));
        return Condition{.kind = Condition::Kind::single, .number = *number, .parts = {}};
    }
    const auto begin = scanner_.offset();
    if (++depth_ > deepest_condition)
        return scanner_.fail("more than 64 parentheses in parentheses");
    scanner_.advance();
    auto inner = any();
    if (!inner)
        return inner;
    if (!scanner_.take(")"))
        return scanner_.at_end() ? filter_fail(begin, "expected ) that ends this (")
                                 : scanner_.fail("expected && or || or )");
    --depth_;
    return inner;
}

} // namespace

FilterResult<Condition> parse_condition(PatternScanner &scanner, bool parentheses,
                                        const SingleCondition &single) {
    return ConditionParser(scanner, parentheses, single).any();
}

} // namespace hostav
