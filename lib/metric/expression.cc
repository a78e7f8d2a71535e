// SPDX-License-Identifier: GPL-2.0-only
#include "metric/expression.h"

#include "base/text.h"

#include <charconv>
#include <vector>

namespace hostav {

namespace {

constexpr std::string_view symbols = ":_#=@/;,- ";
constexpr std::string_view operators = "^$?[]{}|\\*+.";

bool is_supported(char c) {
    return is_word_character(c) || symbols.contains(c) || operators.contains(c);
}

/// Reads one expression, checks it, writes PCRE2's, and notes which literal must be there.
class Reader {
  public:
    explicit Reader(PatternScanner &scanner) : scanner_(scanner) {}

    FilterResult<void> read();
    /// The place in the pattern of an error that PCRE2 has at `at` of what it was given.
    [[nodiscard]] std::size_t source(std::size_t at) const {
        return at < sources_.size() ? sources_[at] : scanner_.offset() - 1;
    }
    std::string pcre;
    std::string literal;
    bool characters = false;

  private:
    FilterResult<void> atom();
    FilterResult<void> escape(bool in_class);
    FilterResult<void> char_class();
    FilterResult<void> count();
    [[nodiscard]] std::unexpected<FilterError> unsupported() const;
    void emit(std::string_view text) { emit(text, scanner_.offset()); }
    void emit(std::string_view text, std::size_t source) {
        pcre += text;
        sources_.resize(pcre.size(), source);
    }
    void plain(char c);
    void end_run();

    PatternScanner &scanner_;
    std::vector<std::size_t> sources_;
    std::string run_; ///< literal characters one after the other, each exactly once
    bool alternatives_ = false;
};

std::unexpected<FilterError> Reader::unsupported() const {
    const char c = scanner_.peek();
    if (c == '(' || c == ')')
        return scanner_.fail(
            "parentheses are not supported here; \\x28 and \\x29 are the characters");
    if (static_cast<unsigned char>(c) >= 0x80)
        return scanner_.fail("only ASCII characters are supported in a regular expression");
    return scanner_.fail("not supported in a regular expression; \\x" + hex({&c, 1}) +
                         " is the character");
}

void Reader::plain(char c) {
    emit({&c, 1});
    run_ += c;
}

void Reader::end_run() {
    if (run_.size() > literal.size())
        literal = run_;
    run_.clear();
}

/// At a backslash.
FilterResult<void> Reader::escape(bool in_class) {
    const char c = scanner_.peek(1);
    if (c == 'x') {
        const char digits[] = {scanner_.peek(2), scanner_.peek(3), '\0'};
        unsigned value = 0x80;
        if (const auto read = std::from_chars(digits, digits + 2, value, 16);
            read.ptr != digits + 2 || value >= 0x80)
            return scanner_.fail("expected \\x and two hexadecimal digits of an ASCII character");
        emit(std::string("\\x") + digits);
        if (!in_class)
            run_ += static_cast<char>(value);
        scanner_.advance(4);
        return {};
    }
    const std::string_view kinds = "dDsSwW";
    const bool kind = c != '\0' && kinds.contains(c);
    if (!kind && (is_word_character(c) || !is_supported(c)))
        return scanner_.fail("expected \\ before an operator, or \\d \\D \\s \\S \\w \\W \\xHH");
    emit(std::string{'\\', c});
    characters = characters || (kind && c < 'a');
    if (!in_class && kind)
        end_run();
    else if (!in_class)
        run_ += c;
    scanner_.advance(2);
    return {};
}

/// At `[`.
FilterResult<void> Reader::char_class() {
    const auto begin = scanner_.offset();
    end_run();
    emit("[");
    scanner_.advance();
    if (scanner_.peek() == '^') {
        emit("^");
        scanner_.advance();
        characters = true;
    }
    for (bool first = true;; first = false) {
        const char c = scanner_.peek();
        if (scanner_.at_end() || c == '%')
            return filter_fail(begin, "expected ] that ends this [");
        if (!is_supported(c))
            return unsupported();
        if (c == '\\') {
            if (auto done = escape(true); !done)
                return done;
            continue;
        }
        // PCRE2 has classes inside classes, [:alpha:], which are none here.
        emit(c == '[' ? std::string_view("\\[") : std::string_view(&c, 1));
        scanner_.advance();
        if (c == ']' && !first)
            return {};
    }
}

/// What may follow an atom: `?`, `*`, `+`, `{m}`, `{m,}`, `{,n}`, `{m,n}`, none.
FilterResult<void> Reader::count() {
    const char c = scanner_.peek();
    if (c != '?' && c != '*' && c != '+' && c != '{')
        return {};
    bool optional = c != '+';
    if (c == '{') {
        const auto begin = scanner_.offset();
        scanner_.advance();
        const auto least = scanner_.run(is_digit);
        const bool range = scanner_.take(",");
        const auto most = range ? scanner_.run(is_digit) : std::string_view();
        if (!scanner_.take("}") || (least.empty() && most.empty()))
            return filter_fail(begin, "expected a count such as {3}, {3,}, {,5} or {3,5}");
        optional = least.find_first_not_of('0') == std::string_view::npos;
        // {,n} is no count to every PCRE2.
        emit("{" + std::string(least.empty() ? "0" : least) + (range ? "," : "") +
                 std::string(most) + "}",
             begin);
    } else {
        emit({&c, 1});
        scanner_.advance();
    }
    if (optional && !run_.empty())
        run_.pop_back();
    end_run();
    // Lazy and possessive.
    if (const char more = scanner_.peek(); more == '?' || more == '+') {
        emit({&more, 1});
        scanner_.advance();
    }
    return {};
}

FilterResult<void> Reader::atom() {
    const char c = scanner_.peek();
    if (c == '\\')
        return escape(false);
    if (c == '[')
        return char_class();
    if (!is_supported(c))
        return unsupported();
    if (!operators.contains(c) || c == ']') {
        plain(c);
    } else {
        alternatives_ = alternatives_ || c == '|';
        characters = characters || c == '.';
        end_run();
        // A { that counts nothing would be a character to PCRE2.
        if (c == '{' || c == '}')
            return scanner_.fail("expected \\ before a brace that is no count");
        emit({&c, 1});
    }
    scanner_.advance();
    return {};
}

FilterResult<void> Reader::read() {
    scanner_.advance();
    const auto begin = scanner_.offset();
    while (scanner_.peek() != '%') {
        if (scanner_.at_end())
            return scanner_.fail("expected % that ends the regular expression");
        if (auto done = atom(); !done)
            return done;
        if (auto done = count(); !done)
            return done;
    }
    if (scanner_.offset() == begin)
        return scanner_.fail("expected a regular expression between % and %");
    scanner_.advance();
    end_run();
    if (alternatives_)
        literal.clear();
    return {};
}

} // namespace

FilterResult<Expression> Expression::parse(PatternScanner &scanner) {
    Reader reader(scanner);
    if (auto done = reader.read(); !done)
        return std::unexpected(std::move(done.error()));
    auto regex = Regex::compile(reader.pcre, {.ignore_case = false, .utf = reader.characters}, "");
    if (!regex) {
        // Its text ends with the place: `... at 5`.
        auto why = regex.error().why;
        const auto at = why.rfind(" at ");
        const auto place =
            at == std::string::npos ? std::nullopt : parse_number(why.substr(at + 4));
        if (place)
            why.resize(at);
        return filter_fail(reader.source(place ? *place : reader.pcre.size()), why);
    }
    return Expression(std::move(*regex), std::move(reader.literal), reader.characters);
}

bool Expression::search_whole(std::string_view text) const {
    if (!characters_ || is_utf8(text))
        return regex_.search(text);
    return regex_.search(to_utf8(text));
}

bool Expression::search(std::string_view text) const {
    if (text.size() <= longest_searched)
        return search_whole(text);
    return search_whole(text.substr(0, longest_searched / 2)) ||
           search_whole(text.substr(text.size() - longest_searched / 2));
}

} // namespace hostav
