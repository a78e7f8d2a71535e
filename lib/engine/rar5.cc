// SPDX-License-Identifier: GPL-2.0-only
//
// What libarchive 3.6 does not tell of a RAR5 archive: which files are encrypted (it hands out
// their cipher text), and whether the archive goes on to its end block. Format: RARLAB's "RAR 5.0
// archive format" technote. Blocks: CRC32, then as variable-length numbers the header's size, its
// type and flags, and by flags the sizes of an extra area at the header's end and of the data
// behind it.
#include "engine/container_reader.h"

namespace hostav {

namespace {

constexpr std::uint64_t file_block = 2, key_block = 4, end_block = 5;
constexpr std::uint64_t has_extra = 1, has_data = 2;
constexpr std::uint64_t largest_header = 2U << 20;
constexpr unsigned most_blocks = 1U << 20;

/// Seven bits a byte, lowest first; false when it does not end within `bytes` or ten bytes.
bool take_number(std::string_view &bytes, std::uint64_t &number) {
    number = 0;
    for (unsigned shift = 0; shift < 70 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= shift < 64 ? static_cast<std::uint64_t>(byte & 0x7fU) << shift : 0;
        if ((byte & 0x80U) == 0)
            return true;
    }
    return false;
}

/// Records of an extra area: size, type, the rest. Type 1 of a file is its encryption.
bool tells_encryption(std::string_view extra) {
    std::uint64_t size = 0, type = 0;
    while (take_number(extra, size) && size <= extra.size()) {
        auto record = extra.substr(0, size);
        if (take_number(record, type) && type == 1)
            return true;
        extra.remove_prefix(size);
    }
    return false;
}

struct Block {
    std::uint64_t type = 0;
    std::uint64_t next = 0; ///< where the next block begins
    bool encrypted = false;
};

std::optional<Block> read_block(int fd, std::uint64_t at, std::string &buffer) {
    constexpr std::size_t lead = 4 + 3; // CRC32 and the size, which has three bytes at most
    buffer.resize(lead);
    const auto got = read_at(fd, buffer.data(), lead, at);
    std::string_view bytes(buffer.data(), got > 4 ? static_cast<std::size_t>(got) : 0);
    std::uint64_t size = 0;
    if (bytes.empty())
        return std::nullopt;
    bytes.remove_prefix(4);
    if (!take_number(bytes, size) || size > largest_header)
        return std::nullopt;
    const auto start = at + static_cast<std::uint64_t>(bytes.data() - buffer.data());
    buffer.resize(size);
    if (read_at(fd, buffer.data(), size, start) != static_cast<ssize_t>(size))
        return std::nullopt;

    Block block;
    std::string_view header = buffer;
    std::uint64_t flags = 0, extra = 0, data = 0;
    if (!take_number(header, block.type) || !take_number(header, flags) ||
        ((flags & has_extra) != 0 && !take_number(header, extra)) ||
        ((flags & has_data) != 0 && !take_number(header, data)) || extra > header.size() ||
        __builtin_add_overflow(start + size, data, &block.next))
        return std::nullopt;
    block.encrypted =
        block.type == file_block && tells_encryption(header.substr(header.size() - extra));
    return block;
}

} // namespace

Rar5Survey survey_rar5(int fd, const ContainerPlace &place) {
    Rar5Survey survey;
    std::string buffer;
    std::uint64_t at = 8; // behind the marker
    for (unsigned blocks = 0; blocks < most_blocks && at < place.end; ++blocks) {
        const auto block = read_block(fd, at, buffer);
        if (!block)
            break;
        if (block->type == key_block || block->type == end_block) {
            survey.ends = true; // behind a key block nothing can be known
            break;
        }
        if (block->type == file_block)
            survey.encrypted.push_back(block->encrypted);
        at = block->next;
    }
    return survey;
}

} // namespace hostav
