// SPDX-License-Identifier: GPL-2.0-only
//
// Patterns `[ip, user, ..., status = 4* || status = 500, size > 1000]`. Without an ellipsis the
// last field takes all that is left of the line; with one, the fields behind it are the line's
// last.
#include "base/text.h"
#include "metric/comparison.h"
#include "metric/delimited_line.h"
#include "metric/filter.h"
#include "metric/matcher.h"

#include <algorithm>

namespace hostav {

namespace {

bool is_name_character(char c) {
    return is_word_character(c) || c == '-';
}

struct Field {
    std::string name; ///< may be empty
    std::optional<Condition> condition;
};

class DelimitedMatcher : public Matcher {
  public:
    FilterResult<void> parse(PatternScanner &scanner);

    bool matches(std::string_view line) override;
    std::string_view literal() const override { return literal_; }
    std::vector<FilterField> fields(std::string_view line) override;
    std::vector<std::optional<std::string>> values(std::string_view line,
                                                   std::span<const FieldReference> wanted) override;
    FilterResult<FieldReference> reference(std::string_view text) const override;
    std::size_t exhausted() const override;

  private:
    FilterResult<void> parse_field(PatternScanner &scanner);
    FilterResult<void> parse_condition_of(Field &field, PatternScanner &scanner, std::size_t begin);
    void choose_literal();
    bool align(std::string_view line);
    [[nodiscard]] std::size_t behind() const { return fields_.size() - before_; }

    std::vector<Field> fields_; ///< without the ellipsis
    std::optional<std::size_t> ellipsis_;
    std::size_t before_ = 0; ///< of the fields, before the ellipsis
    std::vector<Comparison> comparisons_;
    unsigned expressions_ = 0;
    std::string literal_;

    std::vector<std::string_view> texts_; ///< of the line's fields that fields_ names
    std::size_t total_ = 0;               ///< the line's fields
};

FilterResult<void> DelimitedMatcher::parse_condition_of(Field &field, PatternScanner &scanner,
                                                        std::size_t begin) {
    scanner.rewind(begin);
    auto condition = parse_condition(scanner, false, [&]() -> FilterResult<std::size_t> {
        const auto at = scanner.offset();
        if (scanner.run(is_name_character) != field.name)
            return filter_fail(at, "expected the field's name, " + field.name + ", again");
        scanner.skip_blanks();
        if (!Comparison::begins(scanner))
            return scanner.fail("expected one of = != < > <= >=");
        auto comparison = Comparison::parse(scanner, expressions_);
        if (!comparison)
            return std::unexpected(std::move(comparison.error()));
        comparisons_.push_back(std::move(*comparison));
        return comparisons_.size() - 1;
    });
    if (!condition)
        return std::unexpected(std::move(condition.error()));
    field.condition = std::move(*condition);
    return {};
}

FilterResult<void> DelimitedMatcher::parse_field(PatternScanner &scanner) {
    scanner.skip_blanks();
    const auto begin = scanner.offset();
    if (scanner.take("...")) {
        if (ellipsis_)
            return filter_fail(begin, "a pattern has at most one ...");
        ellipsis_ = fields_.size();
        scanner.skip_blanks();
        return {};
    }
    Field field{.name = std::string(scanner.run(is_name_character)), .condition = {}};
    const bool twice = std::ranges::any_of(
        fields_, [&field](const auto &other) { return other.name == field.name; });
    if (twice && !field.name.empty())
        return filter_fail(begin, "a field of that name stands before");
    scanner.skip_blanks();
    if (Comparison::begins(scanner)) {
        if (field.name.empty())
            return scanner.fail("expected a field's name before the comparison");
        if (auto done = parse_condition_of(field, scanner, begin); !done)
            return done;
    }
    fields_.push_back(std::move(field));
    return {};
}

FilterResult<void> DelimitedMatcher::parse(PatternScanner &scanner) {
    const auto begin = scanner.offset();
    scanner.advance();
    scanner.skip_blanks();
    if (scanner.peek() == ']')
        ellipsis_ = 0; // `[]`: fields without names, any number
    else
        do
            if (auto done = parse_field(scanner); !done)
                return done;
        while (scanner.take(","));
    if (scanner.at_end())
        return filter_fail(begin, "expected ] that ends this [");
    if (!scanner.take("]"))
        return scanner.fail("expected , or ] or one of = != < > <= >= && ||");
    scanner.skip_blanks();
    if (!scanner.at_end())
        return scanner.fail("expected nothing behind the ]");
    before_ = ellipsis_.value_or(fields_.size());
    choose_literal();
    return {};
}

void DelimitedMatcher::choose_literal() {
    for (const auto &field : fields_)
        if (field.condition)
            field.condition->each_needed([this](std::size_t number) {
                if (const auto text = comparisons_[number].literal(); text.size() > literal_.size())
                    literal_ = text;
            });
}

/// Finds the texts of the pattern's fields in the line. Those behind the ellipsis are held in a
/// ring, so that a line of many fields costs no memory.
bool DelimitedMatcher::align(std::string_view line) {
    texts_.resize(fields_.size());
    total_ = 0;
    DelimitedLine rest(line);
    while (!rest.at_end()) {
        if (total_ < before_) {
            const bool last = !ellipsis_ && total_ + 1 == before_;
            texts_[total_] = last ? rest.rest() : rest.next();
        } else {
            const auto field = rest.next();
            if (behind() > 0)
                texts_[before_ + (total_ - before_) % behind()] = field;
        }
        ++total_;
    }
    if (total_ < fields_.size())
        return false;
    if (behind() > 0) {
        const auto oldest = static_cast<std::ptrdiff_t>((total_ - before_) % behind());
        const auto ring = texts_.begin() + static_cast<std::ptrdiff_t>(before_);
        std::rotate(ring, ring + oldest, texts_.end());
    }
    return true;
}

bool DelimitedMatcher::matches(std::string_view line) {
    if (!align(line))
        return false;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const auto &condition = fields_[i].condition;
        const auto holds = [this, i](std::size_t number) {
            return comparisons_[number].accepts_field(texts_[i]);
        };
        if (condition && !condition->holds(holds))
            return false;
    }
    return true;
}

std::vector<FilterField> DelimitedMatcher::fields(std::string_view line) {
    std::vector<FilterField> out;
    if (!align(line))
        return out;
    const auto position = [](std::size_t at) { return "$" + std::to_string(at + 1); };
    const auto add = [&](std::size_t field, std::size_t at) {
        const auto &name = fields_[field].name;
        out.push_back({name.empty() ? position(at) : "$" + name, std::string(texts_[field])});
    };
    for (std::size_t i = 0; i < before_; ++i)
        add(i, i);
    if (!ellipsis_)
        return out;
    const auto end = std::min(total_ - behind(), before_ + most_fields);
    DelimitedLine rest(line);
    for (std::size_t at = 0; at < end; ++at)
        if (const auto text = rest.next(); at >= before_)
            out.push_back({position(at), std::string(text)});
    for (std::size_t i = before_; i < fields_.size(); ++i)
        add(i, total_ - fields_.size() + i);
    return out;
}

std::vector<std::optional<std::string>>
DelimitedMatcher::values(std::string_view line, std::span<const FieldReference> wanted) {
    std::vector<std::optional<std::string>> out(wanted.size());
    if (!align(line))
        return out;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto number = wanted[i].number;
        if (!wanted[i].position || (!ellipsis_ && number <= fields_.size())) {
            out[i] = texts_[wanted[i].position ? number - 1 : number];
        } else if (ellipsis_ && number <= total_) {
            DelimitedLine rest(line);
            for (std::size_t at = 1; at < number; ++at)
                rest.next();
            out[i] = rest.next();
        }
    }
    return out;
}

FilterResult<FieldReference> DelimitedMatcher::reference(std::string_view text) const {
    FieldReference made{.name = std::string(text), .position = false, .number = 0, .path = {}};
    if (!text.starts_with('$'))
        return filter_fail(0, "expected $ and a field's name");
    const auto name = text.substr(1);
    const auto found = std::ranges::find(fields_, name, &Field::name);
    if (found != fields_.end() && !name.empty()) {
        made.number = static_cast<std::size_t>(found - fields_.begin());
        return made;
    }
    const auto position = parse_number(name);
    if (!position || *position == 0)
        return filter_fail(1, "expected the name of one of the pattern's fields, or a position");
    if (!ellipsis_ && *position > fields_.size())
        return filter_fail(1, "the pattern has only " + std::to_string(fields_.size()) + " fields");
    made.position = true;
    made.number = *position;
    return made;
}

std::size_t DelimitedMatcher::exhausted() const {
    std::size_t sum = 0;
    for (const auto &comparison : comparisons_)
        sum += comparison.exhausted();
    return sum;
}

} // namespace

FilterResult<std::unique_ptr<Matcher>> parse_delimited(PatternScanner &scanner) {
    auto matcher = std::make_unique<DelimitedMatcher>();
    if (auto done = matcher->parse(scanner); !done)
        return std::unexpected(std::move(done.error()));
    return matcher;
}

} // namespace hostav
