// SPDX-License-Identifier: GPL-2.0-only
#include "metric/filter.h"

#include "base/text.h"
#include "metric/matcher.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>

namespace hostav {

Filter::Filter(std::unique_ptr<Matcher> matcher) : matcher_(std::move(matcher)) {}
Filter::Filter(Filter &&) noexcept = default;
Filter &Filter::operator=(Filter &&) noexcept = default;
Filter::~Filter() = default;

bool Filter::matches(std::string_view line) const {
    return matcher_->matches(line);
}

std::vector<FilterField> Filter::fields(std::string_view line) const {
    return matcher_->fields(line);
}

FilterResult<FieldReference> Filter::reference(std::string_view name) const {
    return matcher_->reference(name);
}

std::vector<std::optional<std::string>>
Filter::values(std::string_view line, std::span<const FieldReference> wanted) const {
    return matcher_->values(line, wanted);
}

std::size_t Filter::exhausted() const {
    return matcher_->exhausted();
}

std::optional<FilterError> Filter::local_only() const {
    return matcher_->local_only();
}

namespace {

/// Where in a literal the byte is that logs have least of, as far as that can be guessed.
std::size_t rarest(std::string_view what) {
    const auto rank = [](char c) {
        constexpr std::string_view common = " .:-/=_,\"";
        if (c >= 'A' && c <= 'Z')
            return 0;
        const bool letter = c >= 'a' && c <= 'z';
        const bool digit = c >= '0' && c <= '9';
        return letter || digit || common.contains(c) ? 2 : 1;
    };
    return static_cast<std::size_t>(
        std::distance(what.begin(), std::ranges::min_element(what, {}, rank)));
}

/// memchr(3) of one byte of it is several times as fast as memmem(3), as long as that byte is rare;
/// memmem(3) is several times as fast as find().
const char *find(const char *begin, const char *end, std::string_view what) {
    constexpr std::ptrdiff_t rare = 64; // bytes between two of it, at least
    constexpr std::ptrdiff_t patience = 4096;
    const auto offset = static_cast<std::ptrdiff_t>(rarest(what));
    const char *at = begin;
    for (std::ptrdiff_t hits = 0; hits * rare < at - begin + patience; ++hits) {
        if (end - at < static_cast<std::ptrdiff_t>(what.size()))
            return nullptr;
        const void *const hit = std::memchr(at + offset, what[static_cast<std::size_t>(offset)],
                                            static_cast<std::size_t>(end - at - offset));
        if (hit == nullptr)
            return nullptr;
        at = static_cast<const char *>(hit) - offset;
        if (std::string_view(at, end).starts_with(what))
            return at;
        ++at;
    }
    return static_cast<const char *>(
        ::memmem(at, static_cast<std::size_t>(end - at), what.data(), what.size()));
}

const char *line_begin(const char *text, const char *at) {
    const void *const before = ::memrchr(text, '\n', static_cast<std::size_t>(at - text));
    return before == nullptr ? text : static_cast<const char *>(before) + 1;
}

const char *line_end(const char *at, const char *end) {
    const void *const found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    return found == nullptr ? end : static_cast<const char *>(found);
}

} // namespace

template <typename Matched>
void Filter::apply(std::string_view text, const Matched &matched) const {
    const auto literal = matcher_->literal();
    const bool all = matcher_->literal_is_all();
    const char *at = text.data();
    const char *const end = at + text.size();
    while (at != end) {
        const char *begin = at;
        if (!literal.empty()) {
            const char *const hit = find(at, end, literal);
            if (hit == nullptr)
                return;
            begin = line_begin(at, hit);
            at = hit;
        }
        const char *const stop = line_end(at, end);
        at = stop == end ? end : stop + 1;
        std::string_view line(begin, stop);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (all || matcher_->matches(line))
            matched(line);
    }
}

void Filter::for_each_match(std::string_view text,
                            const std::function<void(std::string_view)> &matched) const {
    apply(text, matched);
}

std::uint64_t Filter::count(std::string_view text) const {
    std::uint64_t lines = 0;
    apply(text, [&lines](std::string_view /*line*/) { ++lines; });
    return lines;
}

namespace {

/// Where the pattern has more characters than are allowed.
std::optional<std::size_t> too_long(std::string_view pattern) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i)
        if ((static_cast<unsigned char>(pattern[i]) & 0xC0U) != 0x80U &&
            ++characters > longest_pattern)
            return i;
    // Bytes that begin no character.
    return pattern.size() > 4 * longest_pattern ? std::optional(4 * longest_pattern) : std::nullopt;
}

} // namespace

FilterResult<Filter> parse_filter(std::string_view pattern) {
    if (const auto end = too_long(pattern))
        return filter_fail(*end, "a pattern has at most 1024 characters");
    PatternScanner scanner(pattern);
    scanner.skip_blanks();
    auto parse = parse_terms;
    if (scanner.peek() == '{')
        parse = parse_json;
    else if (scanner.peek() == '[')
        parse = parse_delimited;
    auto matcher = parse(scanner);
    if (!matcher)
        return std::unexpected(std::move(matcher.error()));
    return Filter(std::move(*matcher));
}

} // namespace hostav
