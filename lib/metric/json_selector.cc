// SPDX-License-Identifier: GPL-2.0-only
#include "metric/json_selector.h"

#include "base/text.h"

#include <algorithm>

namespace hostav {

namespace {

JsonStep key_step(std::string_view key) {
    return {.kind = JsonStep::Kind::key, .key = std::string(key), .index = 0};
}

/// At the quotation mark.
FilterResult<JsonStep> quoted_key(PatternScanner &scanner) {
    const auto begin = scanner.offset();
    const char mark = scanner.peek();
    scanner.advance();
    const auto key = scanner.run([mark](char c) { return c != mark; });
    scanner.advance(scanner.at_end() ? 0 : 1);
    if (!scanner.take("]"))
        return filter_fail(begin, "expected a key in quotation marks and ]");
    return key_step(key);
}

/// Behind `[`.
FilterResult<JsonStep> bracketed(PatternScanner &scanner) {
    if (scanner.peek() == '\'' || scanner.peek() == '"')
        return quoted_key(scanner);
    if (scanner.take("*]"))
        return JsonStep{.kind = JsonStep::Kind::any, .key = {}, .index = 0};
    const auto begin = scanner.offset();
    const auto index = parse_number(scanner.run(is_digit));
    if (!index || !scanner.take("]"))
        return filter_fail(begin, "expected a number, * or a key in quotation marks, and ]");
    return JsonStep{.kind = JsonStep::Kind::index, .key = {}, .index = *index};
}

/// Behind `.`.
FilterResult<JsonStep> named(PatternScanner &scanner) {
    if (scanner.take("*"))
        return JsonStep{.kind = JsonStep::Kind::any, .key = {}, .index = 0};
    if (const char mark = scanner.peek(1); scanner.peek() == '[' && (mark == '\'' || mark == '"')) {
        scanner.advance();
        return quoted_key(scanner);
    }
    const auto name = scanner.run([](char c) { return is_word_character(c) || c == '-'; });
    if (name.empty())
        return scanner.fail("expected a name, * or ['a key'] behind the dot");
    return key_step(name);
}

} // namespace

FilterResult<JsonPath> parse_selector(PatternScanner &scanner) {
    const auto begin = scanner.offset();
    JsonPath path;
    if (!scanner.take("$"))
        return scanner.fail("expected a selector such as $.name");
    while (scanner.peek() == '.' || scanner.peek() == '[') {
        const bool dot = scanner.peek() == '.';
        scanner.advance();
        auto step = dot ? named(scanner) : bracketed(scanner);
        if (!step)
            return std::unexpected(std::move(step.error()));
        path.push_back(std::move(*step));
    }
    if (path.empty())
        return scanner.fail("expected .name or [0] behind the $");
    const auto wildcards = std::ranges::count(path, JsonStep::Kind::any, &JsonStep::kind);
    if (wildcards > most_wildcards_in_selector)
        return filter_fail(begin, "a selector has at most 1 wildcard");
    return path;
}

bool has_wildcard(const JsonPath &path) {
    return std::ranges::count(path, JsonStep::Kind::any, &JsonStep::kind) > 0;
}

} // namespace hostav
