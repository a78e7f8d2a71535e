// SPDX-License-Identifier: GPL-2.0-only
#include "base/encoding.h"
#include "base/text.h"

#include "tests/support/catch.h"

#include <cstdio>
#include <vector>

using namespace hostav;
using namespace std::string_literals;

namespace {

Decoder decoder(const std::string &name) {
    auto created = Decoder::create(name);
    REQUIRE(created);
    return std::move(*created);
}

std::string decoded(const std::string &name, std::string_view bytes) {
    std::string text;
    decoder(name).decode(bytes, text);
    return text;
}

std::string python(const std::string &code) {
    FILE *pipe = ::popen(("python3 -c '" + code + "'").c_str(), "r"); // NOLINT(cert-env33-c)
    REQUIRE(pipe != nullptr);
    std::string all;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        all.append(buffer, got);
    REQUIRE(::pclose(pipe) == 0);
    return all;
}

} // namespace

TEST_CASE("codecs have Python's names", "[encoding]") {
    for (const char *name :
         {"utf_8",     "UTF-8",        "utf8",    "U8",         "utf_8_sig",  "ascii",
          "US-ASCII",  "latin_1",      "latin-1", "ISO-8859-1", "iso8859_15", "l9",
          "cp1252",    "windows-1252", "1252",    "shift_jis",  "sjis",       "euc jp",
          "big5hkscs", "koi8_r",       "utf_16",  "utf-16-le",  "UTF_32_BE",  "gb18030",
          "mac_roman", "cp037",        "ibm500"})
        CHECK(Decoder::create(name).has_value());
    for (const char *name :
         {"", "klingon", "utf_8\n", "hex_codec", "rot13", "utf-8//TRANSLIT", "cp", "l11", "../x"})
        CHECK_FALSE(Decoder::create(name).has_value());
}

TEST_CASE("bytes mean what they mean to Python", "[encoding]") {
    // Every byte that Python's codec decodes, by itself.
    for (const char *name :
         {"latin_1", "iso8859_2", "iso8859_15", "cp1252", "cp1251", "cp437", "cp850", "cp866",
          "koi8_r", "koi8_u", "cp037", "cp500", "cp1140", "ptcp154"}) {
        const auto expected = python("import sys\n"
                                     "for i in range(32, 256):\n"
                                     "  try: t = bytes([i]).decode(\"" +
                                     std::string(name) +
                                     "\")\n"
                                     "  except UnicodeDecodeError: continue\n"
                                     "  sys.stdout.buffer.write(b\"%d %s\\n\" % (i, t.encode()))");
        std::string all;
        auto own = decoder(name);
        for (int i = 32; i < 256; ++i) {
            const char byte = static_cast<char>(i);
            std::string text;
            if (own.decode({&byte, 1}, text).replaced == 0)
                all += std::to_string(i) + " " + text + "\n";
        }
        INFO(name);
        CHECK(all == expected);
    }
}

TEST_CASE("characters of several bytes", "[encoding]") {
    CHECK(decoded("shift_jis", "\x83\x65\x83\x58\x83\x67") == "\u30c6\u30b9\u30c8");
    CHECK(decoded("euc_kr", "\xc7\xd1") == "\ud55c");
    CHECK(decoded("gb18030", "\x81\x30\x84\x36") == "\u00a5");
    CHECK(decoded("iso2022_jp", "\x1b$B%F\x1b(Bx") == "\u30c6x");
    CHECK(decoded("utf_16_be", "\xd8\x3d\xde\x00"s) == "\U0001F600");
    CHECK(decoded("utf_7", "a+AOQ-b") == "a\u00e4b");
    // Held back by iconv to be composed.
    CHECK(decoded("cp1258", "a\xec") == "\u00e1");
    CHECK(decoded("cp1258", "a") == "a");
}

TEST_CASE("what cannot be decoded is replaced and counted", "[encoding]") {
    struct Row {
        const char *codec;
        std::string bytes, text;
        std::size_t replaced;
    };
    const std::vector<Row> rows{
        {"ascii", "a\xe4z", "a\uFFFDz", 1},
        {"cp1252", "a\x81z", "a\uFFFDz", 1},
        {"utf_8", "a\xe2\x82z\xff", "a\uFFFD\uFFFDz\uFFFD", 3},
        {"utf_16_le", "\x00\xd8"s + "a\0"s, "\uFFFDa", 1},
        {"utf_16_le", "a\0b"s, "a\uFFFD", 1},
        {"utf_32_le", "\0\0\xff\0a\0\0\0"s, "\uFFFDa", 1},
        {"shift_jis", "\x83", "\uFFFD", 1},
    };
    for (const auto &row : rows) {
        std::string text = "before ";
        const auto done = decoder(row.codec).decode(row.bytes, text);
        INFO(row.codec);
        CHECK(text == "before " + row.text);
        CHECK(done.replaced == row.replaced);
        CHECK(done.taken == row.bytes.size());
    }
}

TEST_CASE("no more is taken than there is room for, whole characters only", "[encoding]") {
    std::string euros, wide;
    for (int i = 0; i < 5000; ++i) {
        euros += "\u20ac";
        wide += "\xac\x20";
    }
    for (const std::size_t most : {64U, 65U, 66U, 4096U, 5000U, 15000U}) {
        for (const auto &[codec, bytes] :
             {std::pair{"utf_8", euros}, std::pair{"utf_16_le", wide}}) {
            std::string text;
            const auto unit = bytes.size() / 5000;
            auto own = decoder(codec);
            const auto done = own.decode(bytes, text, most);
            INFO(codec << " " << most);
            CHECK(text.size() <= most);
            CHECK(text.size() + 20 > most);
            CHECK(text == euros.substr(0, text.size()));
            CHECK(done.taken == text.size() / 3 * unit);
            CHECK(done.replaced == 0);
        }
    }
}

TEST_CASE("a character that is cut off waits when more follows", "[encoding]") {
    std::string text;
    CHECK(decoder("utf_8").decode("a\xe2\x82", text, 100, false).taken == 1);
    CHECK(decoder("shift_jis").decode("a\x83", text, 100, false).taken == 1);
    CHECK(decoder("utf_8").decode("a\xe2("s, text, 100, false).taken == 3);
    CHECK(text == "aaa\uFFFD(");
}

TEST_CASE("line ends as they are encoded", "[encoding]") {
    CHECK(decoder("utf_8").line_end() == "\n");
    CHECK(decoder("utf_16_le").line_end() == "\n\0"s);
    CHECK(decoder("utf_32_be").line_end() == "\0\0\0\n"s);
    CHECK(decoder("utf_32_be").carriage_return() == "\0\0\0\r"s);
    CHECK(decoder("shift_jis").line_end() == "\n");
}

TEST_CASE("byte order marks", "[encoding]") {
    auto utf16 = decoder("utf-16");
    CHECK(utf16.may_have_mark());
    CHECK(utf16.start("\xfe\xff\0a"s) == 2);
    CHECK(utf16.line_end() == "\0\n"s);
    CHECK(utf16.start("\xff\xfe") == 2);
    CHECK(utf16.line_end() == "\n\0"s);
    CHECK(utf16.start("\xfe\xff") == 2);
    CHECK(utf16.start("a\0b\0"s) == 0); // the next file has none
    CHECK(utf16.line_end() == "\n\0"s);
    CHECK(decoder("utf_32").start("\0\0\xfe\xff"s) == 4);
    CHECK(decoder("utf_8_sig").start("\xef\xbb\xbf") == 3);
    CHECK(decoder("utf_8").start("\xef\xbb\xbf") == 0);
    CHECK_FALSE(decoder("utf_16_le").may_have_mark());
}

TEST_CASE("how far a text is UTF-8", "[text]") {
    CHECK(utf8_prefix("12345678901\u20ac\xff") == 14);
    CHECK(utf8_prefix("") == 0);
    CHECK(utf8_prefix("1234567\xe2\x82") == 7);
    for (const char *cut :
         {"\xe2", "\xe2\x82", "\xf0\x9f\x98", "\xe0", "\xed", "\xf4", "\xed\x9f", "\xc3"})
        CHECK(is_cut_utf8(cut));
    for (const char *other : {"", "a", "\x80", "\xff", "\xe2(", "\xed\xa0", "\xe0\x80", "\xf8"})
        CHECK_FALSE(is_cut_utf8(other));
}
