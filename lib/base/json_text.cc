// SPDX-License-Identifier: GPL-2.0-only
#include "base/json_text.h"

#include <cstdint>
#include <cstring>

namespace hostav {

namespace {

constexpr std::uint64_t each_byte(unsigned char byte) {
    return 0x0101010101010101ULL * byte;
}

bool is_special(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

/// Whether any of eight bytes is special; may err towards yes.
bool may_have_special(const char *bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    const auto zero_in = [](std::uint64_t x) { return (x - each_byte(1)) & ~x & each_byte(0x80); };
    const auto control = (word - each_byte(0x20)) & ~word & each_byte(0x80);
    return (control | zero_in(word ^ each_byte('"')) | zero_in(word ^ each_byte('\\'))) != 0;
}

/// How many bytes from `at` on need no escape.
std::size_t plain_length(std::string_view text, std::size_t at) {
    const auto from = at;
    while (text.size() - at >= sizeof(std::uint64_t) && !may_have_special(text.data() + at))
        at += sizeof(std::uint64_t);
    while (at < text.size() && !is_special(text[at]))
        ++at;
    return at - from;
}

void append_escape(std::string &to, char c) {
    constexpr std::string_view named = "\b\t\n\f\r\"\\";
    constexpr std::string_view letters = "btnfr\"\\";
    constexpr std::string_view digits = "0123456789abcdef";
    to += '\\';
    if (const auto at = named.find(c); at != std::string_view::npos) {
        to += letters[at];
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    to += "u00";
    to += digits[byte >> 4U];
    to += digits[byte & 0xFU];
}

} // namespace

void append_json_text(std::string &to, std::string_view text) {
    to += '"';
    for (std::size_t at = 0; at < text.size();) {
        const auto plain = plain_length(text, at);
        to.append(text, at, plain);
        at += plain;
        if (at < text.size())
            append_escape(to, text[at++]);
    }
    to += '"';
}

} // namespace hostav
