// SPDX-License-Identifier: GPL-2.0-only
//
// cpio as rpm and the kernel have it: 070701 and 070702 (hexadecimal fields, padded to 4 bytes) and
// 070707 (octal, POSIX.1). Read here because libarchive 3.6 keeps a name of any length in memory,
// up to 4 GiB from a compressed file of 70 KB, and stops at the first trailer, while the kernel
// reads on: an initramfs is often several archives one behind the other.
#include "engine/container_reader.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace hostav {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;
constexpr std::uint64_t longest_name = 64 * 1024;

class CpioReader final : public ContainerReader {
  public:
    CpioReader(std::unique_ptr<DecodedStream> stream, std::string_view head, bool trailing)
        : stream_(std::move(stream)), buffer_(buffer_size), filled_(head.size()),
          trailing_(trailing) {
        std::ranges::copy(head, buffer_.begin());
    }

    std::optional<Member> next() override;
    MemberEnd extract(int out, std::uint64_t limit,
                      const std::function<bool(std::uint64_t)> &go_on) override;

  private:
    struct Header {
        std::uint64_t mode = 0, name_size = 0, size = 0, padding = 1;
    };

    bool fill();
    bool take(char *to, std::size_t size);
    bool pass(std::uint64_t size);
    bool pass_zeros();
    bool read_header(Header &header);
    bool read_member(Member &member);
    bool end_here(bool damage);

    std::unique_ptr<DecodedStream> stream_;
    std::vector<char> buffer_;
    std::size_t filled_, used_ = 0;
    std::uint64_t left_ = 0, padding_ = 0; ///< of the current member
    bool trailing_, over_ = false, failed_ = false;
};

bool CpioReader::end_here(bool damage) {
    over_ = true;
    stopped_ = stream_->stopped();
    damaged_ = damaged_ || (damage && !stopped_);
    return false;
}

/// At least one byte in the buffer; false at the end or when decoding failed.
bool CpioReader::fill() {
    if (used_ < filled_)
        return true;
    const auto got = stream_->read(buffer_.data(), buffer_.size());
    failed_ = got < 0;
    used_ = 0;
    filled_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return filled_ > 0;
}

bool CpioReader::take(char *to, std::size_t size) {
    while (size > 0) {
        if (!fill())
            return false;
        const auto step = std::min(size, filled_ - used_);
        to = std::copy_n(buffer_.data() + used_, step, to);
        used_ += step;
        size -= step;
    }
    return true;
}

bool CpioReader::pass(std::uint64_t size) {
    while (size > 0) {
        if (!stream_->go_on() || !fill())
            return false;
        const auto step = std::min<std::uint64_t>(size, filled_ - used_);
        used_ += step;
        size -= step;
    }
    return true;
}

/// Up to the next byte that is not zero; false at the end.
bool CpioReader::pass_zeros() {
    while (stream_->go_on() && fill()) {
        while (used_ < filled_ && buffer_[used_] == '\0')
            ++used_;
        if (used_ < filled_)
            return true;
    }
    return false;
}

bool number(std::string_view text, int base, std::uint64_t &value) {
    const auto parsed = std::from_chars(text.begin(), text.end(), value, base);
    return parsed.ec == std::errc{} && parsed.ptr == text.end();
}

bool CpioReader::read_header(Header &header) {
    std::array<char, 110> bytes{};
    constexpr std::size_t magic_size = 6, odc_size = 76;
    const std::string_view text(bytes.data(), bytes.size());
    if (!take(bytes.data(), magic_size))
        return false;
    if (text.starts_with("070707"))
        return take(bytes.data() + magic_size, odc_size - magic_size) &&
               number(text.substr(18, 6), 8, header.mode) &&
               number(text.substr(59, 6), 8, header.name_size) &&
               number(text.substr(65, 11), 8, header.size);
    header.padding = 4;
    return (text.starts_with("070701") || text.starts_with("070702")) &&
           take(bytes.data() + magic_size, bytes.size() - magic_size) &&
           number(text.substr(14, 8), 16, header.mode) &&
           number(text.substr(54, 8), 16, header.size) &&
           number(text.substr(94, 8), 16, header.name_size);
}

/// Header and name of the next member, up to its content.
bool CpioReader::read_member(Member &member) {
    Header header;
    if (!read_header(header) || header.name_size == 0 || header.name_size > longest_name)
        return false;
    member.name.resize(header.name_size);
    if (!take(member.name.data(), member.name.size()))
        return false;
    member.name.resize(std::min(member.name.find('\0'), member.name.size()));
    constexpr std::uint64_t newc_header = 110, kind_mask = 0170000, regular = 0100000;
    const auto after = header.padding == 1 ? 0 : newc_header + header.name_size;
    member.regular = (header.mode & kind_mask) == regular;
    left_ = header.size;
    padding_ = (0 - header.size) % header.padding;
    return pass((0 - after) % header.padding);
}

std::optional<Member> CpioReader::next() {
    for (bool behind_trailer = false; !over_;) {
        Member member;
        const bool passed = pass(left_) && pass(padding_);
        if (passed && behind_trailer && !pass_zeros())
            end_here(failed_ || trailing_);
        else if (!passed || !read_member(member))
            end_here(true);
        else if (member.name != "TRAILER!!!")
            return member;
        behind_trailer = true;
    }
    return std::nullopt;
}

MemberEnd CpioReader::extract(int out, std::uint64_t limit,
                              const std::function<bool(std::uint64_t)> &go_on) {
    if (over_)
        return MemberEnd::damaged;
    if (::ftruncate(out, 0) != 0)
        return MemberEnd::write_failed;
    std::uint64_t done = 0;
    while (left_ > 0) {
        if (done == limit)
            return MemberEnd::too_large;
        if (!fill()) {
            end_here(true);
            return stopped_ ? MemberEnd::stopped : MemberEnd::damaged;
        }
        const auto step = std::min({left_, limit - done, std::uint64_t{filled_ - used_}});
        if (!write_at(out, buffer_.data() + used_, step, done))
            return MemberEnd::write_failed;
        used_ += step;
        left_ -= step;
        done += step;
        if (!go_on(done))
            return MemberEnd::stopped;
    }
    return MemberEnd::complete;
}

} // namespace

std::unique_ptr<ContainerReader> open_cpio(std::unique_ptr<DecodedStream> stream,
                                           std::string_view head, bool trailing) {
    return std::make_unique<CpioReader>(std::move(stream), head, trailing);
}

} // namespace hostav
