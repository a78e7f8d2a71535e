// SPDX-License-Identifier: GPL-2.0-only
#include "aws/xml.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace hostav {

namespace {

void append_utf8(std::string &to, unsigned code) {
    const auto byte = [&to](unsigned bits) { to += static_cast<char>(bits); };
    const auto rest = [&](unsigned shift) { byte(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xC0U | (code >> 6));
        rest(0);
    } else if (code < 0x10000) {
        byte(0xE0U | (code >> 12));
        rest(6);
        rest(0);
    } else {
        byte(0xF0U | (code >> 18));
        rest(12);
        rest(6);
        rest(0);
    }
}

/// `#233` or `#xE9`; nothing that is no character.
std::optional<unsigned> character_number(std::string_view name) {
    constexpr unsigned last = 0x10FFFF, surrogates = 0xD800, after_surrogates = 0xE000;
    const bool hexadecimal = name.starts_with("#x");
    const auto digits = name.substr(hexadecimal ? 2 : 1);
    unsigned code = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
    if (error != std::errc() || end != digits.data() + digits.size() || code == 0 || code > last ||
        (code >= surrogates && code < after_surrogates))
        return std::nullopt;
    return code;
}

/// Whether `name` is an entity's; appends it.
bool decode_entity(std::string &to, std::string_view name) {
    constexpr std::array<std::pair<std::string_view, char>, 5> entities = {
        {{"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"amp", '&'}}};
    for (const auto &[known, character] : entities)
        if (name == known) {
            to += character;
            return true;
        }
    const auto code = name.starts_with('#') ? character_number(name) : std::nullopt;
    if (code)
        append_utf8(to, *code);
    return code.has_value();
}

std::string decoded(std::string_view text) {
    constexpr std::size_t longest_name = 10; // &#x10FFFF;
    std::string out;
    while (true) {
        const auto at = text.find('&');
        out += text.substr(0, at);
        if (at == std::string_view::npos)
            return out;
        text.remove_prefix(at + 1);
        const auto end = text.substr(0, longest_name).find(';');
        if (end != std::string_view::npos && decode_entity(out, text.substr(0, end)))
            text.remove_prefix(end + 1);
        else
            out += '&';
    }
}

/// Cuts the first element of that name, and all before it, off `xml`.
std::optional<std::string_view> cut_element(std::string_view &xml, const std::string &name) {
    const auto open = xml.find("<" + name + ">");
    if (open == std::string_view::npos)
        return std::nullopt;
    const auto begin = open + name.size() + 2;
    const auto end = xml.find("</" + name + ">", begin);
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto inside = xml.substr(begin, end - begin);
    xml.remove_prefix(end + name.size() + 3);
    return inside;
}

} // namespace

std::string xml_text(std::string_view xml, const std::string &name) {
    const auto inside = cut_element(xml, name);
    return inside ? decoded(*inside) : std::string();
}

std::vector<std::string_view> xml_elements(std::string_view xml, const std::string &name) {
    std::vector<std::string_view> elements;
    while (const auto inside = cut_element(xml, name))
        elements.push_back(*inside);
    return elements;
}

} // namespace hostav
