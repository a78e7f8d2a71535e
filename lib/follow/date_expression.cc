// SPDX-License-Identifier: GPL-2.0-only
#include "follow/date_expression.h"

#include "base/text.h"

#include <algorithm>
#include <ctime>
#include <string_view>
#include <vector>

namespace hostav {

namespace {

constexpr std::string_view blanks = " \t\n\r\f\v";

/// What a directive matches, as strptime has it: leading zeros are optional, a day may have a blank
/// instead of one. Nothing for what is no directive.
std::string_view pattern_of(char directive) {
    switch (directive) {
    case 'a':
        return "mon|tue|wed|thu|fri|sat|sun";
    case 'A':
        return "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
    case 'b':
        return "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
    case 'B':
        return "january|february|march|april|may|june|july|august|september|october|november|"
               "december";
    case 'd':
        return "3[01]|[12]\\d|[0 ]?[1-9]";
    case 'f':
        return "\\d{1,6}";
    case 'H':
        return "2[0-3]|[01]?\\d";
    case 'I':
    case 'm':
        return "1[0-2]|0?[1-9]";
    case 'j':
        return "36[0-6]|3[0-5]\\d|[12]\\d\\d|0?[1-9]\\d|0?0?[1-9]";
    case 'M':
        return "[0-5]?\\d";
    case 'S': // leap seconds, too
        return "6[01]|[0-5]?\\d";
    case 'p':
        return "am|pm";
    case 'U':
    case 'W':
        return "5[0-3]|[0-4]?\\d";
    case 'V':
        return "5[0-3]|0[1-9]|[1-4]\\d|\\d";
    case 'u':
        return "[1-7]";
    case 'w':
        return "[0-6]";
    case 'y':
        return "\\d\\d";
    case 'G':
    case 'Y':
        return "\\d{4}";
    case 'z':
        return "[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|(?-i:Z)";
    default:
        return {};
    }
}

std::string quoted(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
        if (!word)
            out += '\\';
        out += c;
    }
    return out;
}

/// UTC, GMT and what this machine calls its own zone. The longest first: one may begin another.
std::string zone_names() {
    std::vector<std::string> names{"utc", "gmt"};
    ::tzset();
    for (const char *name : ::tzname)
        if (name != nullptr && *name != '\0')
            names.push_back(quoted(name));
    std::ranges::sort(names, [](const auto &a, const auto &b) { return a.size() > b.size(); });
    std::string pattern;
    for (const auto &name : names)
        pattern += (pattern.empty() ? "" : "|") + name;
    return pattern;
}

/// %c, %x and %X as the C locale has them.
std::string spelled_out(std::string_view format) {
    std::string out;
    for (std::size_t i = 0; i < format.size(); ++i) {
        const char next = format[i] == '%' && i + 1 < format.size() ? format[i + 1] : '\0';
        if (next == 'c')
            out += "%a %b %d %H:%M:%S %Y";
        else if (next == 'x')
            out += "%m/%d/%y";
        else if (next == 'X')
            out += "%H:%M:%S";
        else
            out += next == '\0' ? std::string(1, format[i]) : std::string{'%', next};
        i += next == '\0' ? 0 : 1;
    }
    return out;
}

/// Combinations from which no date can be made.
std::string contradiction(const DateExpression &date) {
    const bool weekday = date.has('a') || date.has('A') || date.has('w') || date.has('u');
    const bool year = date.has('y') || date.has('Y');
    if (date.has('V') != date.has('G'))
        return "%V and %G belong together";
    if (date.has('V') && (!weekday || year || date.has('j')))
        return "%G and %V need a day of the week, and neither %Y, %y nor %j";
    if (date.has('y') && date.has('Y'))
        return "%y and %Y exclude each other";
    return {};
}

} // namespace

Result<DateExpression> date_expression(const std::string &format, const std::string &what) {
    const auto where = [&what, &format] { return what + " " + escape_path(format); };
    const auto text = spelled_out(format);
    DateExpression date;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool blank = blanks.find(text[i]) != std::string_view::npos;
        if (blank) {
            const auto next = std::min(text.find_first_not_of(blanks, i), text.size());
            // At an edge one blank is as good as many, and many would be searched for again from
            // each of them.
            date.expression += i == 0 || next == text.size() ? "\\s" : "\\s+";
            i = next - 1;
            continue;
        }
        if (text[i] != '%') {
            date.expression += quoted(text.substr(i, 1));
            continue;
        }
        if (++i == text.size())
            return fail(where(), "ends with a lone %");
        if (text[i] == '%') {
            date.expression += '%';
            continue;
        }
        const auto pattern = text[i] == 'Z' ? zone_names() : std::string(pattern_of(text[i]));
        if (pattern.empty())
            return fail(where(),
                        "%" + escape_path(text.substr(i, 1)) + " is no directive of strptime");
        if (date.has(text[i]))
            return fail(where(), "%" + text.substr(i, 1) + " is in it twice");
        date.expression += "(" + pattern + ")";
        date.directives += text[i];
    }
    if (auto wrong = contradiction(date); !wrong.empty())
        return fail(where(), wrong);
    if (date.directives.empty())
        return fail(where(), "has no directive");
    return date;
}

} // namespace hostav
