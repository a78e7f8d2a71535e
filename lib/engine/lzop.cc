// SPDX-License-Identifier: GPL-2.0-only
//
// See lzop.h. lzo/lzo1x.h is included here only.
#include "engine/lzop.h"

#include "engine/container_reader.h"

#include <array>
#include <cstring>
#include <lzo/lzo1x.h>

namespace hostav {

namespace {

constexpr std::array<unsigned char, 9> magic = {0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t max_block = 64U << 20;

// Header flags.
constexpr std::uint32_t adler_decoded = 0x1, adler_stored = 0x2, extra_field = 0x40;
constexpr std::uint32_t crc_decoded = 0x100, crc_stored = 0x200, has_filter = 0x800;

std::uint32_t big_endian(const unsigned char *p, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = value << 8 | p[i];
    return value;
}

bool sums_match(const std::vector<unsigned char> &data, std::size_t size,
                const std::uint32_t *adler, const std::uint32_t *crc) {
    if (adler != nullptr && lzo_adler32(1, data.data(), size) != *adler)
        return false;
    return crc == nullptr || lzo_crc32(0, data.data(), size) == *crc;
}

} // namespace

ssize_t LzopReader::damaged(const char *why) {
    why_ = why;
    return -1;
}

bool LzopReader::take(void *to, std::size_t size) {
    if (size > end_ - position_ || read_at(fd_, to, size, position_) != static_cast<ssize_t>(size))
        return false;
    position_ += size;
    return true;
}

bool LzopReader::take_number(std::uint32_t &number) {
    std::array<unsigned char, 4> bytes{};
    if (!take(bytes.data(), bytes.size()))
        return false;
    number = big_endian(bytes.data(), bytes.size());
    return true;
}

// The header's own checksum is not compared: its fields decide nothing but where the blocks begin,
// and every block has checks of its own.
bool LzopReader::take_header() {
    std::array<unsigned char, 9> start{};
    std::array<unsigned char, 255> bytes{};
    if (!take(start.data(), start.size()) || start != magic || !take(bytes.data(), 2))
        return false;
    const auto version = big_endian(bytes.data(), 2);
    // Library version, and from 0.94 on the version needed; then the method, from 0.94 on a level.
    const bool newer = version >= 0x0940;
    if (!take(bytes.data(), newer ? 4 : 2) || !take(bytes.data(), newer ? 2 : 1))
        return false;
    const unsigned method = bytes[0];
    if (method < 1 || method > 3 || !take_number(flags_)) // LZO1X-1, LZO1X-1(15), LZO1X-999
        return false;
    if ((flags_ & has_filter) != 0) // made by no released lzop
        return false;
    // Mode, time (two numbers from 0.94 on), the name and its length, the checksum.
    if (!take(bytes.data(), newer ? 12 : 8) || !take(bytes.data(), 1) ||
        !take(bytes.data(), bytes[0]) || !take(bytes.data(), 4))
        return false;
    std::uint32_t extra = 0;
    if ((flags_ & extra_field) != 0) {
        if (!take_number(extra) || end_ - position_ < std::uint64_t{extra} + 4)
            return false;
        position_ += std::uint64_t{extra} + 4;
    }
    return true;
}

bool LzopReader::decode(std::uint32_t decoded_size, std::uint32_t stored_size) {
    if (stored_size == decoded_size) {
        decoded_ = stored_;
        return true;
    }
    decoded_.resize(decoded_size);
    lzo_uint got = decoded_size;
    return lzo1x_decompress_safe(stored_.data(), stored_size, decoded_.data(), &got, nullptr) ==
               LZO_E_OK &&
           got == decoded_size;
}

ssize_t LzopReader::take_block(std::uint32_t decoded_size) {
    std::uint32_t stored_size = 0;
    if (!take_number(stored_size))
        return damaged("truncated lzop block");
    if (decoded_size > max_block || stored_size == 0 || stored_size > decoded_size)
        return damaged("impossible lzop block size");
    std::uint32_t adler = 0, crc = 0, adler_of_stored = 0, crc_of_stored = 0;
    const bool packed = stored_size < decoded_size;
    const bool sums = ((flags_ & adler_decoded) == 0 || take_number(adler)) &&
                      ((flags_ & crc_decoded) == 0 || take_number(crc)) &&
                      (!packed || (flags_ & adler_stored) == 0 || take_number(adler_of_stored)) &&
                      (!packed || (flags_ & crc_stored) == 0 || take_number(crc_of_stored));
    // Compared before anything is allocated: a header of a few bytes must not cost 64 MiB.
    if (!sums || stored_size > end_ - position_)
        return damaged("truncated lzop block");
    stored_.resize(stored_size);
    if (!take(stored_.data(), stored_size))
        return damaged("truncated lzop block");
    const bool stored_good =
        !packed ||
        sums_match(stored_, stored_size, (flags_ & adler_stored) != 0 ? &adler_of_stored : nullptr,
                   (flags_ & crc_stored) != 0 ? &crc_of_stored : nullptr);
    if (!stored_good || !decode(decoded_size, stored_size) ||
        !sums_match(decoded_, decoded_size, (flags_ & adler_decoded) != 0 ? &adler : nullptr,
                    (flags_ & crc_decoded) != 0 ? &crc : nullptr))
        return damaged("damaged lzop block");
    return static_cast<ssize_t>(decoded_size);
}

ssize_t LzopReader::next_block(const void **block) {
    // Bounded, so that a file of empty files does not keep the caller from being asked.
    for (unsigned empty_files = 0; empty_files < 1000; ++empty_files) {
        if (!in_file_) {
            if (position_ == end_)
                return 0;
            if (!take_header())
                return damaged("damaged lzop header");
            in_file_ = true;
        }
        std::uint32_t decoded_size = 0;
        if (!take_number(decoded_size))
            return damaged("truncated lzop file");
        if (decoded_size != 0) {
            const auto size = take_block(decoded_size);
            *block = decoded_.data();
            return size;
        }
        in_file_ = false;
    }
    return damaged("too many empty files in an lzop file");
}

} // namespace hostav
