// SPDX-License-Identifier: GPL-2.0-only
#include "engine/verdict.h"
#include "tests/support/catch.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace hostav;

namespace {

bool same(const Report &a, const Report &b) {
    const auto detection = [](const Detection &x, const Detection &y) {
        return x.signature == y.signature && x.member == y.member;
    };
    return a.verdict == b.verdict && a.error == b.error && a.limits.bits() == b.limits.bits() &&
           a.type == b.type && a.sha256 == b.sha256 && a.scanned_blocks == b.scanned_blocks &&
           a.seconds == b.seconds && a.members == b.members &&
           std::equal(a.detections.begin(), a.detections.end(), b.detections.begin(),
                      b.detections.end(), detection);
}

Report full_report() {
    Report report;
    report.verdict = Verdict::infected;
    report.detections = {{"Eicar-Signature", "inner.zip/eicar.com"},
                         {std::string("nul\0nl\n", 7), ""}};
    report.error = "Can't read file";
    report.limits.add(Limit::max_files);
    report.limits.add(Limit::damaged);
    report.type = "CL_TYPE_ZIP";
    report.sha256 = std::string(32, 'a') + std::string(32, '9');
    report.scanned_blocks = std::numeric_limits<std::uint64_t>::max();
    report.seconds = 0.373;
    report.members = {"Scanning !ZIP:a", "!ZIP:a!(1)ZIP:b: X FOUND", ""};
    return report;
}

// Offsets of the fixed fields, as the head of verdict.cc has them.
constexpr std::size_t verdict_at = 1;
constexpr std::size_t limits_at = 2;
constexpr std::size_t seconds_at = 14;
constexpr std::size_t error_at = 22;

std::string with_double(std::string bytes, double value) {
    std::uint64_t bits = 0;
    static_assert(sizeof bits == sizeof value);
    std::memcpy(&bits, &value, sizeof bits);
    for (std::size_t i = 0; i < 8; ++i)
        bytes[seconds_at + i] = static_cast<char>(bits >> (8 * i) & 0xFF);
    return bytes;
}

} // namespace

TEST_CASE("limits: each has a name, listed in their order", "[verdict]") {
    Limits limits;
    CHECK(limits.text().empty());
    limits.add(Limit::max_files);
    limits.add(Limit::max_file_size);
    CHECK(limits.text() == "MaxFileSize, MaxFiles");
    CHECK(limits.names() == std::vector<std::string>{"MaxFileSize", "MaxFiles"});
    const auto all = Limits::from_bits(~0U);
    CHECK(all.names() == std::vector<std::string>{"MaxFileSize", "MaxScanSize", "MaxFiles",
                                                  "MaxRecursion", "MaxScanTime", "MaxHTMLNormalize",
                                                  "parser limit", "2 GiB engine limit",
                                                  "damaged container"});
}

TEST_CASE("report: comes back as it was sent", "[verdict]") {
    for (const auto &report : {Report{}, full_report()}) {
        const auto back = decode_report(encode(report));
        REQUIRE(back);
        CHECK(same(*back, report));
    }
}

TEST_CASE("report: every truncation and every trailing byte is refused", "[verdict]") {
    const std::string bytes = encode(full_report());
    for (std::size_t length = 0; length < bytes.size(); ++length)
        CHECK_FALSE(decode_report(bytes.substr(0, length)));
    CHECK_FALSE(decode_report(bytes + '\0'));
    CHECK_FALSE(decode_report(bytes + bytes));
}

TEST_CASE("report: values out of range are refused", "[verdict]") {
    const std::string bytes = encode(Report{});
    auto changed = [&](std::size_t at, unsigned char value) {
        std::string copy = bytes;
        copy[at] = static_cast<char>(value);
        return copy;
    };
    CHECK(decode_report(changed(verdict_at, 2)));
    CHECK_FALSE(decode_report(changed(verdict_at, 3)));
    CHECK_FALSE(decode_report(changed(verdict_at, 255)));
    CHECK_FALSE(decode_report(changed(0, 1))); // another format
    CHECK(decode_report(changed(limits_at, 255)));
    CHECK_FALSE(decode_report(changed(limits_at + 3, 128)));
    CHECK_FALSE(decode_report(changed(limits_at + 1, 1U << (limit_count - 8))));

    CHECK(decode_report(with_double(bytes, 1.5)));
    CHECK_FALSE(decode_report(with_double(bytes, -1)));
    CHECK_FALSE(decode_report(with_double(bytes, std::numeric_limits<double>::infinity())));
    CHECK_FALSE(decode_report(with_double(bytes, std::nan(""))));

    // A length or a count that promises more than there is.
    CHECK_FALSE(decode_report(changed(error_at + 3, 255)));
    const std::size_t detections_at = bytes.size() - 8;
    CHECK_FALSE(decode_report(changed(detections_at, 1)));
    CHECK_FALSE(decode_report(changed(detections_at + 3, 255)));
    CHECK_FALSE(decode_report(changed(detections_at + 4, 1)));
}

TEST_CASE("report: a digest is 64 lower-case hexadecimal digits or absent", "[verdict]") {
    Report report;
    report.sha256 = std::string(64, 'f');
    const std::string bytes = encode(report);
    REQUIRE(decode_report(bytes));
    const auto at = bytes.find("ffff");
    for (const char bad : {'F', 'g', '\0', '\n'}) {
        std::string copy = bytes;
        copy[at + 63] = bad;
        CHECK_FALSE(decode_report(copy));
    }
    report.sha256 = "abc";
    const auto back = decode_report(encode(report));
    REQUIRE(back);
    CHECK(back->sha256.empty());
    report.md5 = std::string(32, '0');
    CHECK(decode_report(encode(report))->md5 == report.md5);
    report.md5 = std::string(64, '0');
    CHECK(decode_report(encode(report))->md5.empty());
}

TEST_CASE("report: what is beyond the caps is cut off and still accepted", "[verdict]") {
    Report report = full_report();
    report.detections.assign(5000, {"Sig", "member"});
    report.error = std::string(100000, 'e');
    report.seconds = -std::numeric_limits<double>::infinity();
    auto back = decode_report(encode(report));
    REQUIRE(back);
    CHECK(back->detections.size() == 1000);
    CHECK(back->error == std::string(4096, 'e'));
    CHECK(back->seconds == 0);
    CHECK(back->members == report.members);

    // The total: strings of the greatest length, more of them than fit.
    report.detections.assign(1000, {std::string(5000, 's'), std::string(5000, 'm')});
    const std::string bytes = encode(report);
    CHECK(bytes.size() <= max_report_size);
    back = decode_report(bytes);
    REQUIRE(back);
    REQUIRE_FALSE(back->detections.empty());
    CHECK(back->detections.front().signature == std::string(4096, 's'));
    CHECK(back->verdict == Verdict::infected);

    CHECK_FALSE(decode_report(std::string(max_report_size + 1, '\0')));
}

TEST_CASE("report: the member line of a detection outlives thousands of others", "[verdict]") {
    Report report;
    report.verdict = Verdict::infected;
    const std::string found = "!(1)ZIP:eicar: X FOUND";
    for (const std::size_t length : {10U, 1000U}) { // the count's cap, the total's cap
        report.members.assign(3000, "Scanning !ZIP:" + std::string(length, 'n'));
        report.members.push_back(found);
        const std::string bytes = encode(report);
        CHECK(bytes.size() <= max_report_size);
        const auto back = decode_report(bytes);
        REQUIRE(back);
        CHECK(back->members.size() > 100);
        CHECK(back->members.size() <= 2000);
        CHECK(back->members.front() == report.members.front());
        CHECK(back->members.back() == found);
    }
}

TEST_CASE("report: random damage is refused or gives a sound report", "[verdict]") {
    std::mt19937 random(20261124); // fixed: a failure can be repeated
    const std::string small = encode(Report{});
    const std::string large = encode(full_report());
    unsigned accepted = 0;
    for (int round = 0; round < 100000; ++round) {
        std::string bytes = round % 2 == 0 ? small : large;
        for (unsigned changes = random() % 4 + 1; changes > 0; --changes) {
            const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
            switch (random() % 4) {
            case 0:
                bytes.insert(at, 1, static_cast<char>(random()));
                break;
            case 1:
                bytes.erase(at, random() % 9);
                break;
            default:
                if (!bytes.empty())
                    bytes[at] = static_cast<char>(random());
            }
        }
        const auto report = decode_report(bytes);
        if (!report)
            continue;
        ++accepted;
        // Every value has one encoding, so what was accepted encodes to the same bytes.
        if (encode(*report) != bytes)
            FAIL("round " << round);
    }
    INFO(accepted);
    CHECK(accepted > 100);
    CHECK(accepted < 99900);
}
