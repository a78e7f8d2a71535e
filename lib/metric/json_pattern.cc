// SPDX-License-Identifier: GPL-2.0-only
//
// Patterns `{ $.a = "x" && ($.b[*] > 1 || $.c NOT EXISTS) }`. A comparison is for texts and
// numbers: null, booleans, objects, arrays and what is not there match none, not even `!=`. Where a
// key is there twice in an object, the last one counts. With a wildcard one value is enough.
#include "base/text.h"
#include "metric/comparison.h"
#include "metric/json_selector.h"
#include "metric/json_walk.h"
#include "metric/matcher.h"

#include <algorithm>
#include <cstring>

namespace hostav {

namespace {

struct Test {
    enum class Kind { compares, is_null, is_true, is_false, exists };
    std::string selector; ///< as it is written
    JsonPath path;
    Kind kind = Kind::compares;
    bool negated = false; ///< NOT EXISTS, IS NOT
    std::optional<Comparison> comparison;

    [[nodiscard]] bool accepts(const JsonWalk::Value &value) const {
        using Type = JsonWalk::Value::Kind;
        switch (kind) {
        case Kind::compares:
            return (value.kind == Type::text && comparison->accepts_text(value.text)) ||
                   (value.kind == Type::number &&
                    comparison->accepts_number(value.number, value.text));
        case Kind::is_null:
            return value.kind == Type::null;
        case Kind::is_true:
        case Kind::is_false:
            return value.kind == Type::boolean && value.truth == (kind == Kind::is_true);
        case Kind::exists:
            return true;
        }
        return false;
    }
};

/// What the walk found for each test.
class Results : public JsonWalk::Sink {
  public:
    explicit Results(const std::vector<Test> &tests) : tests_(tests) {}
    void clear() { states_.assign(tests_.size(), {}); }
    void found(std::size_t test, const JsonWalk::Value &value) override {
        states_[test].there = true;
        states_[test].accepted = states_[test].accepted || tests_[test].accepts(value);
    }
    void forget(std::size_t test) override { states_[test] = {}; }
    [[nodiscard]] bool there(std::size_t test) const { return states_[test].there; }
    [[nodiscard]] bool accepted(std::size_t test) const { return states_[test].accepted; }

  private:
    struct State {
        bool there = false, accepted = false;
    };
    const std::vector<Test> &tests_;
    std::vector<State> states_;
};

/// The first scalar that the walk found for each path.
class Values : public JsonWalk::Sink {
  public:
    explicit Values(std::size_t paths) : values(paths) {}
    void found(std::size_t path, const JsonWalk::Value &value) override {
        using Type = JsonWalk::Value::Kind;
        if (!values[path] && value.kind != Type::null && value.kind != Type::container)
            values[path] = value.text;
    }
    void forget(std::size_t path) override { values[path].reset(); }
    std::vector<std::optional<std::string>> values;
};

/// Bytes that are no UTF-8 are no JSON either; the service holds U+FFFD in their place.
bool walk(JsonWalk &walk, std::string_view line, JsonWalk::Sink &sink) {
    if (walk.run(line, sink))
        return true;
    return !is_utf8(line) && walk.run(to_utf8(line), sink);
}

class JsonMatcher : public Matcher {
  public:
    FilterResult<void> parse(PatternScanner &scanner);

    bool matches(std::string_view line) override;
    std::vector<FilterField> fields(std::string_view line) override;
    std::vector<std::optional<std::string>> values(std::string_view line,
                                                   std::span<const FieldReference> wanted) override;
    FilterResult<FieldReference> reference(std::string_view text) const override;
    std::size_t exhausted() const override;
    std::optional<FilterError> local_only() const override { return local_only_; }

  private:
    FilterResult<std::size_t> parse_test(PatternScanner &scanner);
    FilterResult<void> parse_is(PatternScanner &scanner, Test &test);
    void note_local(std::size_t offset, std::string_view what);
    void choose_literal();
    [[nodiscard]] bool may_match(std::string_view line) const;
    [[nodiscard]] bool holds(std::size_t number) const;

    std::vector<Test> tests_;
    Condition condition_;
    unsigned expressions_ = 0, wildcards_ = 0;
    std::optional<FilterError> local_only_;
    std::string literal_;
    JsonWalk walk_;
    Results results_{tests_};
};

void JsonMatcher::note_local(std::size_t offset, std::string_view what) {
    if (!local_only_)
        local_only_ = {.offset = offset,
                       .why = std::string(what) + " works here, but the service refuses it"};
}

/// Behind IS.
FilterResult<void> JsonMatcher::parse_is(PatternScanner &scanner, Test &test) {
    scanner.skip_blanks();
    const auto begin = scanner.offset();
    if (scanner.take_word("NOT")) {
        test.negated = true;
        note_local(begin, "IS NOT");
        scanner.skip_blanks();
    }
    if (scanner.take_word("NULL"))
        test.kind = Test::Kind::is_null;
    else if (scanner.take_word("TRUE"))
        test.kind = Test::Kind::is_true;
    else if (scanner.take_word("FALSE"))
        test.kind = Test::Kind::is_false;
    else
        return scanner.fail("expected NULL, TRUE or FALSE");
    return {};
}

FilterResult<std::size_t> JsonMatcher::parse_test(PatternScanner &scanner) {
    const auto begin = scanner.offset();
    Test test;
    auto path = parse_selector(scanner);
    if (!path)
        return std::unexpected(std::move(path.error()));
    test.path = std::move(*path);
    test.selector = scanner.since(begin);
    if (has_wildcard(test.path) && ++wildcards_ > most_wildcards)
        return filter_fail(begin, "a pattern has at most 3 selectors with a wildcard");
    scanner.skip_blanks();
    const auto at = scanner.offset();
    if (Comparison::begins(scanner)) {
        auto comparison = Comparison::parse(scanner, expressions_);
        if (!comparison)
            return std::unexpected(std::move(comparison.error()));
        test.comparison = std::move(*comparison);
    } else if (scanner.take_word("IS")) {
        if (auto done = parse_is(scanner, test); !done)
            return std::unexpected(std::move(done.error()));
    } else {
        test.kind = Test::Kind::exists;
        test.negated = scanner.take_word("NOT");
        scanner.skip_blanks();
        if (!scanner.take_word("EXISTS"))
            return scanner.fail(test.negated ? "expected EXISTS"
                                             : "expected one of = != < > <= >=, IS or NOT EXISTS");
        if (!test.negated)
            note_local(at, "EXISTS");
    }
    tests_.push_back(std::move(test));
    return tests_.size() - 1;
}

FilterResult<void> JsonMatcher::parse(PatternScanner &scanner) {
    const auto begin = scanner.offset();
    scanner.advance();
    auto condition = parse_condition(scanner, true, [&] { return parse_test(scanner); });
    if (!condition)
        return std::unexpected(std::move(condition.error()));
    condition_ = std::move(*condition);
    if (scanner.at_end())
        return filter_fail(begin, "expected } that ends this {");
    if (!scanner.take("}"))
        return scanner.fail("expected && or || or }");
    scanner.skip_blanks();
    if (!scanner.at_end())
        return scanner.fail("expected nothing behind the }");
    for (const auto &test : tests_)
        walk_.add(test.path);
    choose_literal();
    return {};
}

void JsonMatcher::choose_literal() {
    const auto longer = [this](std::string_view text) {
        if (text.size() > literal_.size())
            literal_ = text;
    };
    condition_.each_needed([&](std::size_t number) {
        const auto &test = tests_[number];
        if (test.kind == Test::Kind::exists && test.negated)
            return;
        for (const auto &step : test.path)
            longer(step.key);
        if (test.comparison)
            longer(test.comparison->literal());
    });
}

/// Saves reading lines that cannot match. A backslash may hide anything.
bool JsonMatcher::may_match(std::string_view line) const {
    const auto first = line.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || (line[first] != '{' && line[first] != '['))
        return false;
    return literal_.empty() ||
           ::memmem(line.data(), line.size(), literal_.data(), literal_.size()) != nullptr ||
           std::memchr(line.data(), '\\', line.size()) != nullptr;
}

bool JsonMatcher::holds(std::size_t number) const {
    const auto &test = tests_[number];
    if (!test.negated)
        return results_.accepted(number);
    if (test.kind != Test::Kind::exists)
        return results_.there(number) && !results_.accepted(number);
    // What is in an object cannot be missed in a document that is an array, and the other way.
    const auto first = test.path.front().kind;
    const bool fits =
        first == JsonStep::Kind::any ||
        (first == JsonStep::Kind::key ? walk_.root_is_object() : walk_.root_is_array());
    return fits && !results_.there(number);
}

bool JsonMatcher::matches(std::string_view line) {
    if (!may_match(line))
        return false;
    results_.clear();
    return walk(walk_, line, results_) &&
           condition_.holds([this](std::size_t test) { return holds(test); });
}

std::vector<FilterField> JsonMatcher::fields(std::string_view line) {
    std::vector<FilterField> out;
    JsonWalk paths;
    Values found(tests_.size());
    for (const auto &test : tests_)
        paths.add(test.path);
    if (!walk(paths, line, found))
        return out;
    for (std::size_t i = 0; i < tests_.size(); ++i) {
        const auto &name = tests_[i].selector;
        const bool named = std::ranges::count(out, name, &FilterField::name) > 0;
        if (found.values[i] && !named)
            out.push_back({name, std::move(*found.values[i])});
    }
    return out;
}

std::vector<std::optional<std::string>>
JsonMatcher::values(std::string_view line, std::span<const FieldReference> wanted) {
    JsonWalk paths;
    Values found(wanted.size());
    for (const auto &reference : wanted)
        paths.add(reference.path);
    if (!walk(paths, line, found))
        return std::vector<std::optional<std::string>>(wanted.size());
    return std::move(found.values);
}

FilterResult<FieldReference> JsonMatcher::reference(std::string_view text) const {
    PatternScanner scanner(text);
    auto path = parse_selector(scanner);
    if (!path)
        return std::unexpected(std::move(path.error()));
    if (!scanner.at_end())
        return scanner.fail("expected nothing behind the selector");
    if (has_wildcard(*path))
        return filter_fail(0, "expected a selector of one value, without a wildcard");
    return FieldReference{
        .name = std::string(text), .position = false, .number = 0, .path = std::move(*path)};
}

std::size_t JsonMatcher::exhausted() const {
    std::size_t sum = 0;
    for (const auto &test : tests_)
        sum += test.comparison ? test.comparison->exhausted() : 0;
    return sum;
}

} // namespace

FilterResult<std::unique_ptr<Matcher>> parse_json(PatternScanner &scanner) {
    auto matcher = std::make_unique<JsonMatcher>();
    if (auto done = matcher->parse(scanner); !done)
        return std::unexpected(std::move(done.error()));
    return matcher;
}

} // namespace hostav
