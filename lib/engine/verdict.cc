// SPDX-License-Identifier: GPL-2.0-only
//
// A report as bytes. All numbers are little-endian; a string is its length (u32) and its bytes.
//
//     u8 format (2) | u8 verdict | u32 limits | u64 blocks | u64 seconds (IEEE 754 bits)
//     string error | string type | string sha256 | string md5
//     u32 count, that many detections: string signature | string member
//     u32 count, that many members: string
//
// The caps below bound what a worker that was taken over can make the parent keep. encode() cuts
// an honest report down to them, so that a report that is refused was never an honest one.
#include "engine/verdict.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>

namespace hostav {
namespace {

constexpr std::uint8_t format = 2;
constexpr std::size_t max_string = std::size_t{4} * 1024;
constexpr std::size_t max_detections = 1000;
constexpr std::size_t max_members = 2000;
constexpr std::size_t sha256_digits = 64;
constexpr std::size_t md5_digits = 32;
constexpr std::size_t length_size = sizeof(std::uint32_t);

constexpr std::array<const char *, limit_count> limit_names = {
    "MaxFileSize",      "MaxScanSize",  "MaxFiles",           "MaxRecursion",      "MaxScanTime",
    "MaxHTMLNormalize", "parser limit", "2 GiB engine limit", "damaged container",
};

bool is_digest(std::string_view text, std::size_t digits) {
    return text.size() == digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <std::unsigned_integral T>
void put(std::string &out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
}

std::string_view capped(std::string_view text) {
    return text.substr(0, max_string);
}

std::size_t encoded_size(std::string_view text) {
    return length_size + capped(text).size();
}

void put(std::string &out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(capped(text).size()));
    out += capped(text);
}

void put_detections(std::string &out, const std::vector<Detection> &detections) {
    // Room stays for the count of members.
    std::size_t size = out.size() + 2 * length_size;
    std::uint32_t count = 0;
    for (const auto &detection : detections) {
        size += encoded_size(detection.signature) + encoded_size(detection.member);
        if (count == max_detections || size > max_report_size)
            break;
        ++count;
    }
    put(out, count);
    for (std::uint32_t i = 0; i < count; ++i) {
        put(out, detections[i].signature);
        put(out, detections[i].member);
    }
}

/// Where not all members fit, those that tell of a detection go before those that only tell of
/// progress, which an archive can have thousands of before the one that counts.
void put_members(std::string &out, const std::vector<std::string> &members) {
    std::size_t size = out.size() + length_size;
    std::uint32_t count = 0;
    std::vector<bool> keep(members.size());
    for (const bool progress : {false, true}) {
        for (std::size_t i = 0; i < members.size() && count < max_members; ++i) {
            if (is_progress_line(members[i]) != progress)
                continue;
            if (size + encoded_size(members[i]) > max_report_size)
                break;
            size += encoded_size(members[i]);
            keep[i] = true;
            ++count;
        }
    }
    put(out, count);
    for (std::size_t i = 0; i < members.size(); ++i)
        if (keep[i])
            put(out, members[i]);
}

/// Takes values from the front of bytes that are not trusted; after the first failure all fail.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    bool get(T &value) {
        if (rest_.size() < sizeof(T))
            return give_up();
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            bits |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
        value = static_cast<T>(bits);
        rest_.remove_prefix(sizeof(T));
        return true;
    }
    bool get(std::string &text) {
        std::uint32_t length = 0;
        if (!get(length) || length > max_string || length > rest_.size())
            return give_up();
        text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
    }
    /// A count of things that are at least `smallest` bytes each, so that nothing is reserved
    /// for things that cannot be there.
    bool get_count(std::uint32_t &count, std::size_t most, std::size_t smallest) {
        if (!get(count) || count > most || count > rest_.size() / smallest)
            return give_up();
        return true;
    }
    [[nodiscard]] bool at_end() const { return !failed_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool failed_ = false;

    bool give_up() {
        failed_ = true;
        rest_ = {};
        return false;
    }
};

bool get_head(Reader &reader, Report &report) {
    std::uint8_t version = 0;
    std::uint8_t verdict = 0;
    std::uint32_t limits = 0;
    std::uint64_t seconds = 0;
    if (!reader.get(version) || version != format || !reader.get(verdict) ||
        verdict > static_cast<std::uint8_t>(Verdict::error) || !reader.get(limits) ||
        !reader.get(report.scanned_blocks) || !reader.get(seconds))
        return false;
    report.verdict = static_cast<Verdict>(verdict);
    report.limits = Limits::from_bits(limits);
    report.seconds = std::bit_cast<double>(seconds);
    return report.limits.bits() == limits && std::isfinite(report.seconds) && report.seconds >= 0;
}

bool get_detections(Reader &reader, std::vector<Detection> &detections) {
    std::uint32_t count = 0;
    if (!reader.get_count(count, max_detections, 2 * length_size))
        return false;
    detections.resize(count);
    return std::ranges::all_of(detections, [&](Detection &detection) {
        return reader.get(detection.signature) && reader.get(detection.member);
    });
}

bool get_members(Reader &reader, std::vector<std::string> &members) {
    std::uint32_t count = 0;
    if (!reader.get_count(count, max_members, length_size))
        return false;
    members.resize(count);
    return std::ranges::all_of(members, [&](std::string &member) { return reader.get(member); });
}

} // namespace

std::vector<std::string> Limits::names() const {
    std::vector<std::string> names;
    for (unsigned i = 0; i < limit_count; ++i)
        if (has(static_cast<Limit>(i)))
            names.emplace_back(limit_names[i]);
    return names;
}

std::string Limits::text() const {
    std::string text;
    for (const auto &name : names()) {
        if (!text.empty())
            text += ", ";
        text += name;
    }
    return text;
}

bool is_progress_line(std::string_view member) {
    return member.starts_with("Scanning ");
}

std::string encode(const Report &report) {
    const bool sane = std::isfinite(report.seconds) && report.seconds >= 0;
    std::string out;
    put(out, format);
    put(out, static_cast<std::uint8_t>(report.verdict));
    put(out, report.limits.bits());
    put(out, report.scanned_blocks);
    put(out, std::bit_cast<std::uint64_t>(sane ? report.seconds : 0.0));
    put(out, report.error);
    put(out, report.type);
    for (const auto &[digest, digits] :
         {std::pair(&report.sha256, sha256_digits), std::pair(&report.md5, md5_digits)})
        put(out, is_digest(*digest, digits) ? std::string_view(*digest) : std::string_view());
    put_detections(out, report.detections);
    put_members(out, report.members);
    return out;
}

std::optional<Report> decode_report(std::string_view bytes) {
    if (bytes.size() > max_report_size)
        return std::nullopt;
    Reader reader(bytes);
    Report report;
    if (!get_head(reader, report) || !reader.get(report.error) || !reader.get(report.type) ||
        !reader.get(report.sha256) || !reader.get(report.md5) ||
        (!report.sha256.empty() && !is_digest(report.sha256, sha256_digits)) ||
        (!report.md5.empty() && !is_digest(report.md5, md5_digits)) ||
        !get_detections(reader, report.detections) || !get_members(reader, report.members) ||
        !reader.at_end())
        return std::nullopt;
    return report;
}

} // namespace hostav
