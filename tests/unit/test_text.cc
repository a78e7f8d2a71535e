// SPDX-License-Identifier: GPL-2.0-only
//
// Escaping, UTF-8, base64, numbers, sizes, booleans.
#include "base/excerpt.h"
#include "base/text.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace hostav;
using namespace std::string_literals;

TEST_CASE("escape_path makes one harmless line of any name", "[text]") {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", ""},
        {"/plain/name with blanks~", "/plain/name with blanks~"},
        {"a\n/etc/passwd: Eicar FOUND", "a\\n/etc/passwd: Eicar FOUND"},
        {"\a\b\t\n\v\f\r", "\\a\\b\\t\\n\\v\\f\\r"},
        {"\x1b[31mred", "\\033[31mred"},
        {"\0"s + "7", "\\0007"},
        {"\x01\x1f\x7f", "\\001\\037\\177"},
        {"back\\slash\\n", "back\\\\slash\\\\n"},
        {"sch\u00f6n \u65e5\u672c \U0001F600", "sch\u00f6n \u65e5\u672c \U0001F600"},
        {"\u00a0\u00ff", "\u00a0\u00ff"}, // the first after the C1 controls
        {"\xc2\x80|\xc2\x85|\xc2\x9b", "\\302\\200|\\302\\205|\\302\\233"}, // C1, NEL, CSI
        {"\xc2\x9f", "\\302\\237"},
        {"a\u2028b\u2029c", "a\\342\\200\\250b\\342\\200\\251c"}, // line ends to some readers
        {"\u2027\u202a", "\u2027\u202a"},
        {"\xff\xfe", "\\377\\376"},
        {"\x9b"
         "31m",
         "\\23331m"},               // CSI as Latin-1 has it
        {"\xc0\xaf", "\\300\\257"}, // overlong `/`
        {"\xc1\xbf", "\\301\\277"},
        {"\xe0\x80\x8a", "\\340\\200\\212"}, // overlong line end
        {"\xe0\x9f\xbf", "\\340\\237\\277"},
        {"\xf0\x8f\xbf\xbf", "\\360\\217\\277\\277"},
        {"\xed\xa0\x80", "\\355\\240\\200"}, // surrogates
        {"\xed\xbf\xbf", "\\355\\277\\277"},
        {"\xed\x9f\xbf", "\xed\x9f\xbf"},             // U+D7FF, the last before them
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},     // U+10FFFF
        {"\xf4\x90\x80\x80", "\\364\\220\\200\\200"}, // above it
        {"\xf5\x80\x80\x80", "\\365\\200\\200\\200"},
        {"\xe6\x97", "\\346\\227"},     // cut off at the end
        {"\xe6\x97/x", "\\346\\227/x"}, // cut off by something else
        {"\xe6\xe6\x97\xa5", "\\346\u65e5"},
        {"\xc3\n", "\\303\\n"}, // must not swallow the line end
    };
    for (const auto &[raw, expected] : table)
        CHECK(escape_path(raw) == expected);
}

TEST_CASE("escape_path is valid, one line, and tells any two names apart", "[text]") {
    std::vector<std::string> results;
    for (unsigned first = 0; first < 256; ++first)
        for (const unsigned second : {0U, 0x0AU, 0x5CU, 0x6EU, 0x80U, 0x9BU, 0xA0U, 0xBFU, 0xFFU}) {
            const std::string raw = {static_cast<char>(first), static_cast<char>(second)};
            const std::string out = escape_path(raw);
            REQUIRE(is_utf8(out));
            for (const char c : out)
                REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
            results.push_back(out);
        }
    std::ranges::sort(results);
    CHECK(std::ranges::adjacent_find(results) == results.end());
}

TEST_CASE("an excerpt is one short harmless line", "[text]") {
    CHECK(excerpt("").empty());
    CHECK(excerpt(" \r\n one line\r\n") == "one line");
    CHECK(excerpt("first\nsecond") == "first …");
    CHECK(excerpt("\x1B[2J") == "\\033[2J");
    CHECK(excerpt("abcdef", 6) == "abcdef");
    CHECK(excerpt("abcdefg", 6) == "abcdef …");
    CHECK(excerpt("aüü", 4) == "aü …");
    CHECK(excerpt("a\xFF\xFF", 2) == "a\\377 …");
}

TEST_CASE("is_utf8 and to_utf8", "[text]") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("a\n\u00e4\u20ac\U0001F600\0"s));
    for (const char *bad :
         {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf8", "\xc3", "\xf0\x9f\x98"})
        CHECK_FALSE(is_utf8(bad));
    CHECK(to_utf8("ok \u20ac") == "ok \u20ac");
    CHECK(to_utf8("a\xff"
                  "b\xc3") == "a\uFFFDb\uFFFD");
    CHECK(to_utf8("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("base64 as RFC 4648 has it, both ways", "[text]") {
    const std::vector<std::pair<std::string, std::string>> table = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xef\xfe", "/+/+"},
        {"\0\0"s, "AAA="},
    };
    for (const auto &[bytes, text] : table) {
        CHECK(base64(bytes) == text);
        CHECK(from_base64(text) == bytes);
    }
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    CHECK(from_base64(base64(all)) == all);
    for (const char *bad : {"Z", "Zg", "Zg=", "Zm8", "Zg==Zg==", "=Zg=", "Z===", "====", "Zm 9",
                            "Zm9v\n", "Zm9-", "Zh==", "Zm9="})
        CHECK_FALSE(from_base64(bad).has_value());
}

TEST_CASE("hex", "[text]") {
    CHECK(hex("").empty());
    CHECK(hex("\0\x0f\xa5\xff"s) == "000fa5ff");
}

TEST_CASE("numbers are digits and nothing else", "[text]") {
    CHECK(parse_number("0") == 0U);
    CHECK(parse_number("007") == 7U);
    CHECK(parse_number("18446744073709551615") == UINT64_MAX);
    for (const char *bad :
         {"", " 1", "1 ", "+1", "-1", "0x10", "1.0", "1e3", "1K", "18446744073709551616"})
        CHECK_FALSE(parse_number(bad).has_value());
}

TEST_CASE("sizes take one suffix, as clamscan's options do", "[text]") {
    CHECK(parse_size("0") == 0U);
    CHECK(parse_size("512") == 512U);
    CHECK(parse_size("10k") == 10240U);
    CHECK(parse_size("10K") == 10240U);
    CHECK(parse_size("25m") == 25U << 20);
    CHECK(parse_size("25M") == 25U << 20);
    CHECK(parse_size("4g") == std::uint64_t{4} << 30);
    CHECK(parse_size("4G") == std::uint64_t{4} << 30);
    CHECK(parse_size("9223372036854775807") == std::uint64_t{INT64_MAX});
    CHECK(parse_size("8589934591G") == std::uint64_t{8589934591U} << 30);
    for (const char *bad : {"", "K", "10KB", "10t", "10 K", "1.5G", "-1M", "10kk",
                            "9223372036854775808", "8589934592G", "99999999999999999999G"})
        CHECK_FALSE(parse_size(bad).has_value());
}

TEST_CASE("booleans in any case", "[text]") {
    for (const char *yes : {"yes", "YES", "True", "1", "on"})
        CHECK(parse_bool(yes) == true);
    for (const char *no : {"no", "No", "FALSE", "0", "Off"})
        CHECK(parse_bool(no) == false);
    for (const char *bad : {"", "y", "2", "yess", " yes", "maybe", "01"})
        CHECK_FALSE(parse_bool(bad).has_value());
}

TEST_CASE("hexadecimal there and back", "[text]") {
    const std::string bytes("\0\x7f\xff ab", 6);
    CHECK(hostav::from_hex(hostav::hex(bytes)) == bytes);
    CHECK(hostav::from_hex("") == "");
    CHECK_FALSE(hostav::from_hex("0"));
    CHECK_FALSE(hostav::from_hex("0g"));
    CHECK_FALSE(hostav::from_hex("AB"));
}
