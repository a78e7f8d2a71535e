// SPDX-License-Identifier: GPL-2.0-only
//
// JSON objects out and back in; SHA-256 against published vectors.
#include "base/digest.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/catch.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <string>
#include <unistd.h>

using namespace hostav;
using namespace std::string_literals;

TEST_CASE("JSON keeps the order of its fields and every type", "[json]") {
    JsonObject inner;
    inner.add("zip", "a/b.zip").add("depth", std::uint64_t{2});
    std::vector<JsonObject> list;
    list.emplace_back();
    list.back().add("n", std::uint64_t{1});
    list.emplace_back();
    JsonObject object;
    object.add("z", "last first")
        .add("count", std::numeric_limits<std::uint64_t>::max())
        .add("seconds", 0.25)
        .add("whole", 3.0)
        .add("small", 0.1)
        .add("nan", std::numeric_limits<double>::quiet_NaN())
        .add("yes", true)
        .add("names", std::vector<std::string>{"A", "B\"C"})
        .add("none", std::vector<std::string>{})
        .add("inner", inner)
        .add("list", list)
        .add("a", std::string_view("x"));
    CHECK(
        object.text() ==
        R"({"z":"last first","count":18446744073709551615,"seconds":0.25,"whole":3.0,"small":0.1,)"
        R"("nan":null,"yes":true,"names":["A","B\"C"],"none":[],"inner":{"zip":"a/b.zip","depth":2},)"
        R"("list":[{"n":1},{}],"a":"x"})");
    CHECK(JsonObject().text() == "{}");
}

TEST_CASE("JSON is one printable line of valid UTF-8 whatever the bytes are", "[json]") {
    std::string every_byte;
    for (int i = 0; i < 256; ++i)
        every_byte += static_cast<char>(i);
    const std::vector<std::string> names = {every_byte, "a\nb: X FOUND", "\xed\xa0\x80",
                                            "\xc2\x85\xc2\x9b[31m\x7f\u2028\u2029", "\0"s};
    for (const auto &name : names) {
        JsonObject object;
        object.add_bytes("path", name);
        object.add("list", std::vector<std::string>{name});
        object.add(name, "as a field's name");
        const std::string text = object.text();
        CHECK(is_utf8(text));
        // Nothing that escape_path would have to change, but for JSON's own backslashes.
        std::string doubled;
        for (const char c : text)
            doubled += c == '\\' ? "\\\\"s : std::string(1, c);
        CHECK(escape_path(text) == doubled);
    }
    JsonObject object;
    object.add("v", "\u00a0 \u00e4 \xff \u2027");
    CHECK(object.text() == "{\"v\":\"\u00a0 \u00e4 \uFFFD \u2027\"}");
}

TEST_CASE("what add_bytes wrote, bytes_field gives back exactly", "[json]") {
    for (const auto &bytes :
         {"plain"s, "two\nlines"s, "\xff\x00\x80"s + "x"s, "\u2028\xc2\x9b"s, ""s}) {
        JsonObject object;
        object.add_bytes("path", bytes);
        const auto fields = parse_flat_json(object.text(), "record");
        REQUIRE(fields.has_value());
        CHECK(fields->contains("path_base64") == !is_utf8(bytes));
        const auto back = bytes_field(*fields, "path", "record");
        REQUIRE(back.has_value());
        CHECK(*back == bytes);
    }
    const auto missing = bytes_field({{"other", "x"}}, "path", "record");
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().text() == "record: no path");
    CHECK_FALSE(bytes_field({{"path", "x"}, {"path_base64", "?"}}, "path", "record").has_value());
}

TEST_CASE("flat objects are read back as text, anything else is refused", "[json]") {
    const auto fields = parse_flat_json(
        R"( {"s":"\u00e4","n":18446744073709551615,"d":0.5,"neg":-3,"t":true,"f":false} )", "r");
    REQUIRE(fields.has_value());
    const std::map<std::string, std::string> expected = {
        {"s", "\u00e4"}, {"n", "18446744073709551615"}, {"d", "0.5"}, {"neg", "-3"}, {"t", "true"},
        {"f", "false"}};
    CHECK(*fields == expected);
    CHECK(parse_flat_json("{}", "r").has_value());
    for (const char *bad :
         {"", "{", "[]", "1", "null", R"({"a":null})", R"({"a":[]})", R"({"a":{}})", R"({"a":1} x)",
          R"({"a":1e999})", R"({'a':1})", "{\"a\":\"\xff\"}", R"({"a":"\ud800"})"}) {
        const auto result = parse_flat_json(bad, "record");
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().what == "record");
    }
    CHECK_FALSE(parse_flat_json(std::string(200000, '['), "r").has_value());
    CHECK(parse_flat_json("{\"a\\n\":null}", "r").error().why ==
          "a\\n is not a string, a number or a boolean");
}

TEST_CASE("SHA-256 of bytes", "[digest]") {
    CHECK(sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("SHA-256 of a file reads all of it and leaves the offset alone", "[digest]") {
    std::array<char, 32> name = {"/tmp/hostav-digest-XXXXXX"};
    const Fd fd(mkstemp(name.data()));
    REQUIRE(fd);
    unlink(name.data());
    CHECK(sha256_of_fd(fd.get()).value() == sha256_of(""));
    const std::string million(1000000, 'a'); // longer than the buffer, not a multiple of it
    REQUIRE(write(fd.get(), million.data(), million.size()) == 1000000);
    REQUIRE(lseek(fd.get(), 5, SEEK_SET) == 5);
    CHECK(sha256_of_fd(fd.get()).value() ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK(lseek(fd.get(), 0, SEEK_CUR) == 5);
}

TEST_CASE("SHA-256 of what cannot be read is an error", "[digest]") {
    CHECK(sha256_of_fd(-1).error().why == "Bad file descriptor");
    const Fd directory(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(sha256_of_fd(directory.get()).error().why == "Is a directory");
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const Fd in(ends[0]);
    const Fd out(ends[1]);
    CHECK(sha256_of_fd(in.get()).error().why == "Illegal seek");
}
