// SPDX-License-Identifier: GPL-2.0-only
#include "base/files.h"
#include "base/gzip.h"

#include "tests/support/catch.h"

#include <array>
#include <random>

using namespace hostav;

namespace {

/// All of what the reader makes of `bytes`, in pieces of `piece`; or the error.
std::string unpacked(const std::string &bytes, std::size_t piece = 1000) {
    const auto file = unnamed_file("/tmp");
    REQUIRE(file);
    REQUIRE(write_all(file->get(), bytes, "file"));
    GzipReader reader(file->get());
    std::string all, buffer(piece, '\0');
    while (true) {
        const auto got = reader.read(buffer);
        if (!got)
            return all + "|" + got.error().text();
        if (*got == 0)
            return all;
        all.append(buffer, 0, *got);
    }
}

std::string packed(std::string_view bytes) {
    auto out = gzip(bytes);
    REQUIRE(out);
    return std::move(*out);
}

std::string noise(std::size_t size, unsigned letters) {
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp): the same each time
    std::string text(size, '\0');
    for (char &c : text)
        c = static_cast<char>(random() % letters);
    return text;
}

} // namespace

TEST_CASE("what was packed is unpacked", "[gzip]") {
    CHECK(unpacked(packed("")).empty());
    CHECK(unpacked(packed("a")) == "a");
    for (const unsigned letters : {2U, 256U}) {
        const auto text = noise(200'000, letters);
        for (const std::size_t piece : {7U, 16384U, 300'000U})
            CHECK(unpacked(packed(text), piece) == text);
    }
    CHECK(packed(std::string(1 << 20, 'x')).size() < 10'000);
}

TEST_CASE("several members are one text, with zeros behind", "[gzip]") {
    const auto two = packed("one\n") + packed("") + packed("two\n");
    CHECK(unpacked(two) == "one\ntwo\n");
    CHECK(unpacked(two + std::string(40'000, '\0')) == "one\ntwo\n");
}

TEST_CASE("what is no gzip fails", "[gzip]") {
    CHECK(unpacked("") == "|no gzip file: it is empty");
    CHECK(unpacked("plain text\n") == "|no gzip file: incorrect header check");
    CHECK(unpacked(std::string(100, '\0')).starts_with("|no gzip file"));
    auto broken = packed(noise(100'000, 256));
    broken[50'000] = static_cast<char>(broken[50'000] + 1);
    CHECK(unpacked(broken).find("|no gzip file") != std::string::npos);
}

TEST_CASE("what is cut off is read as far as it goes", "[gzip]") {
    const auto whole = packed("one\n") + packed(noise(50'000, 256));
    const auto text = unpacked(whole.substr(0, whole.size() - 1));
    CHECK(text.starts_with("one\n"));
    CHECK(text.ends_with("|the gzip file is cut off"));
    CHECK(text.size() > 50'000);
}

TEST_CASE("a file that grows is read on", "[gzip]") {
    const auto file = unnamed_file("/tmp");
    REQUIRE(file);
    const auto whole = packed("all of it");
    REQUIRE(write_all(file->get(), whole.substr(0, 10), "file"));
    GzipReader reader(file->get());
    std::array<char, 100> buffer{};
    CHECK_FALSE(reader.read(buffer));
    REQUIRE(write_all(file->get(), whole.substr(10), "file"));
    const auto got = reader.read(buffer);
    REQUIRE(got);
    CHECK(std::string_view(buffer.data(), *got) == "all of it");
}
