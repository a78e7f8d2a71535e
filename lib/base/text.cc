// SPDX-License-Identifier: GPL-2.0-only
//
// Escaping, UTF-8, base64 and numbers. Bytes are compared by value, never through <cctype>, so
// that no locale can change what goes into a log.
#include "base/text.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace hostav {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

unsigned byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

/// Length of the well-formed UTF-8 sequence that begins at `at`, 0 when there is none. The bounds
/// of the second byte (Unicode's table 3-7) are what keeps out overlong forms, surrogates and
/// anything above U+10FFFF.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const unsigned first = byte_at(text, at);
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() - at < length)
        return 0;
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    const unsigned second = byte_at(text, at + 1);
    if (second < low || second > high)
        return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((byte_at(text, at + i) & 0xC0) != 0x80)
            return 0;
    return length;
}

void append_octal(std::string &out, unsigned byte) {
    out += '\\';
    out += static_cast<char>('0' + (byte >> 6));
    out += static_cast<char>('0' + ((byte >> 3) & 7));
    out += static_cast<char>('0' + (byte & 7));
}

/// U+0080..U+009F, which some terminals obey, and U+2028/U+2029, at which some readers (Python's
/// splitlines, JavaScript) end a line.
bool is_unsafe_sequence(std::string_view sequence) {
    if (sequence.size() == 2)
        return byte_at(sequence, 0) == 0xC2 && byte_at(sequence, 1) < 0xA0;
    return sequence == "\u2028" || sequence == "\u2029";
}

void append_ascii(std::string &out, char c) {
    constexpr std::string_view named = "\a\b\t\n\v\f\r"; // 7 to 13, in order
    constexpr std::string_view letters = "abtnvfr";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
        out += "\\\\";
    } else if (const auto at = named.find(c); at != std::string_view::npos) {
        out += '\\';
        out += letters[at];
    } else if (byte < 0x20 || byte == 0x7F) {
        append_octal(out, byte);
    } else {
        out += c;
    }
}

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The three bytes of four base64 digits; nothing on a foreign character. `=` is the caller's.
std::optional<std::uint32_t> quartet(std::string_view digits) {
    std::uint32_t bits = 0;
    for (const char c : digits) {
        const auto value = base64_alphabet.find(c);
        if (value == std::string_view::npos)
            return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
    }
    return bits;
}

} // namespace

std::string escape_path(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t length = sequence_length(raw, at);
        const std::string_view sequence = raw.substr(at, length == 0 ? 1 : length);
        at += sequence.size();
        if (length == 1)
            append_ascii(out, sequence.front());
        else if (length == 0 || is_unsafe_sequence(sequence))
            for (const char c : sequence)
                append_octal(out, static_cast<unsigned char>(c));
        else
            out += sequence;
    }
    return out;
}

std::size_t utf8_prefix(std::string_view text) {
    // Most text is ASCII: eight bytes at a time.
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::size_t at = 0;
    while (at < text.size()) {
        if (std::uint64_t word = 0; text.size() - at >= sizeof word) {
            std::memcpy(&word, text.data() + at, sizeof word);
            if ((word & high_bits) == 0) {
                at += sizeof word;
                continue;
            }
        }
        const std::size_t length = sequence_length(text, at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

bool is_utf8(std::string_view text) {
    return utf8_prefix(text) == text.size();
}

bool is_cut_utf8(std::string_view text) {
    if (text.empty() || text.size() > 3)
        return false;
    // Every first byte allows one of these as the second.
    return std::ranges::any_of(
        std::array{"\x80\x80\x80", "\xA0\x80\x80"}, [text](const char *rest) {
            return sequence_length(std::string(text) + rest, 0) > text.size();
        });
}

std::string to_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequence_length(text, at);
        out += length == 0 ? replacement : text.substr(at, length);
        at += length == 0 ? 1 : length;
    }
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < count ? byte_at(bytes, at + i) : 0);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= count ? base64_alphabet[(bits >> (18 - 6 * i)) & 63] : '=';
    }
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        std::string_view group = text.substr(at, 4);
        std::size_t padding = 0;
        if (at + 4 == text.size())
            padding = group.ends_with("==") ? 2 : group.ends_with('=') ? 1 : 0;
        const auto digits = quartet(group.substr(0, 4 - padding));
        if (!digits)
            return std::nullopt;
        const std::uint32_t bits = *digits << (6 * padding);
        // Bits that belong to no byte must be zero: each value has exactly one spelling.
        if (padding != 0 && (bits & ((1U << (8 * padding)) - 1)) != 0)
            return std::nullopt;
        for (std::size_t i = 0; i < 3 - padding; ++i)
            out += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
    }
    return out;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        out += digits[byte_at(bytes, at) >> 4];
        out += digits[byte_at(bytes, at) & 15];
    }
    return out;
}

std::optional<std::string> from_hex(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string bytes;
    if (text.size() % 2 != 0)
        return std::nullopt;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = digits.find(text[i]);
        const auto low = digits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos)
            return std::nullopt;
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const char *begin = text.data();
    const char *end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    if (text.empty())
        return std::nullopt;
    unsigned shift = 0;
    switch (text.back()) {
    case 'k':
    case 'K':
        shift = 10;
        break;
    case 'm':
    case 'M':
        shift = 20;
        break;
    case 'g':
    case 'G':
        shift = 30;
        break;
    default:
        break;
    }
    if (shift != 0)
        text.remove_suffix(1);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto number = parse_number(text);
    if (!number || *number > most >> shift)
        return std::nullopt;
    return *number << shift;
}

std::optional<bool> parse_bool(std::string_view text) {
    constexpr std::array<std::string_view, 4> yes = {"yes", "true", "1", "on"};
    constexpr std::array<std::string_view, 4> no = {"no", "false", "0", "off"};
    const std::string word = lower_ascii(text);
    for (const auto candidate : yes)
        if (word == candidate)
            return true;
    for (const auto candidate : no)
        if (word == candidate)
            return false;
    return std::nullopt;
}

} // namespace hostav
