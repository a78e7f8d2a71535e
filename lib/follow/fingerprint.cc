// SPDX-License-Identifier: GPL-2.0-only
#include "follow/fingerprint.h"

#include "base/digest.h"
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hostav {
namespace {

constexpr std::size_t hash_digits = 16;
constexpr int hexadecimal = 16;

std::string hash_text(std::uint64_t hash) {
    std::string digits(hash_digits, '0');
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, hash >>= 4U)
        *digit = "0123456789abcdef"[hash & 0xfU];
    return digits;
}

std::optional<std::uint64_t> parse_hash(std::string_view text) {
    std::uint64_t hash = 0;
    const auto *end = text.data() + text.size();
    if (text.size() != hash_digits ||
        std::from_chars(text.data(), end, hash, hexadecimal).ptr != end)
        return std::nullopt;
    return hash;
}

/// The end of the line that begins at `from`, its line end included; nothing if it has none yet.
std::optional<std::size_t> line_end(std::string_view text, std::size_t from) {
    const auto end = text.find('\n', from);
    return end == std::string_view::npos ? std::nullopt : std::optional(end + 1);
}

} // namespace

std::uint64_t content_hash(std::string_view bytes) {
    return parse_hash(std::string_view(sha256_of(bytes)).substr(0, hash_digits)).value_or(0);
}

std::optional<Fingerprint> Fingerprint::of(const FileContent &file, unsigned first, unsigned last,
                                           bool short_too) {
    // Mostly the first line decides, and that is short.
    std::size_t looked = last > 1 ? furthest : most;
    const auto text = file.text_at(0, looked);
    if (!text || text->empty())
        return std::nullopt;
    const bool all = text->size() < looked; // of the file
    std::size_t from = 0;
    std::size_t end = 0;
    bool complete = true;
    for (unsigned line = 1; line <= last && complete; ++line) {
        if (line == first)
            from = end;
        const auto next = line_end(*text, end);
        complete = next.has_value();
        end = next.value_or(text->size());
    }
    if (!complete && all && !short_too)
        return std::nullopt;
    // Lines that are too long for that: their beginning, or the end of what was looked at.
    from = std::min(from, text->size() - std::min(text->size(), std::size_t{1}));
    const std::size_t length = std::min(end - from, most);
    Fingerprint fingerprint;
    fingerprint.from = static_cast<std::uint32_t>(from);
    fingerprint.length = static_cast<std::uint32_t>(length);
    fingerprint.hash = content_hash(std::string_view(*text).substr(from, length));
    return fingerprint;
}

Result<bool> Fingerprint::fits(const FileContent &file) const {
    if (!known())
        return false;
    const auto text = file.text_at(from, length);
    if (!text)
        return std::unexpected(text.error());
    return text->size() == length && content_hash(*text) == hash;
}

std::string Fingerprint::text() const {
    return std::to_string(from) + "+" + std::to_string(length) + ":" + hash_text(hash);
}

std::optional<Fingerprint> Fingerprint::parse(std::string_view text) {
    const auto plus = text.find('+');
    const auto colon = text.find(':');
    if (plus == std::string_view::npos || colon == std::string_view::npos || colon < plus)
        return std::nullopt;
    const auto from = parse_number(text.substr(0, plus));
    const auto length = parse_number(text.substr(plus + 1, colon - plus - 1));
    const auto hash = parse_hash(text.substr(colon + 1));
    if (!from || !length || !hash || *from > furthest || *length > most)
        return std::nullopt;
    return Fingerprint{static_cast<std::uint32_t>(*from), static_cast<std::uint32_t>(*length),
                       *hash};
}

Anchor Anchor::of(std::string_view before, std::uint64_t at) {
    const std::size_t length = std::min<std::uint64_t>(at, most);
    return {at, length == 0 ? 0 : content_hash(before.substr(before.size() - length))};
}

Result<std::optional<Anchor>> Anchor::of(const FileContent &file, std::uint64_t at) {
    const std::size_t length = std::min<std::uint64_t>(at, most);
    const auto text = file.text_at(at - length, length);
    if (!text)
        return std::unexpected(text.error());
    return text->size() == length ? std::optional(of(*text, at)) : std::nullopt;
}

Result<bool> Anchor::fits(const FileContent &file) const {
    if (at == 0)
        return true;
    const auto there = of(file, at);
    if (!there)
        return std::unexpected(there.error());
    return *there && (*there)->hash == hash;
}

std::string Anchor::text() const {
    return std::to_string(at) + ":" + hash_text(hash);
}

std::optional<Anchor> Anchor::parse(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto at = parse_number(text.substr(0, colon));
    const auto hash = parse_hash(text.substr(colon + 1));
    // Offsets of files are signed.
    if (!at || !hash || *at > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()))
        return std::nullopt;
    return Anchor{*at, *hash};
}

} // namespace hostav
