// SPDX-License-Identifier: GPL-2.0-only
//
// Which container a file is, by its first bytes: as strict as each format's header allows, because
// what is taken for a container and does not decode is reported as not fully scanned.
// Facts: RFC 8878 (zst), lz4's Frame and Legacy Frame formats, the lzip and compress manuals,
// lzma-file-format.txt of XZ Utils, ar(5), ISO 28500 (warc), rpm's file format manual.
#include "engine/container_reader.h"

#include <array>
#include <cerrno>
#include <sys/stat.h>

namespace hostav {

namespace {

constexpr std::array<const char *, 10> names = {"zst",  "lz4", "lz",   "lzo", "Z",
                                                "lzma", "ar",  "warc", "rar", "rpm"};

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;)
        value = value << 8 | byte_at(bytes, at + i);
    return value;
}

std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = value << 8 | byte_at(bytes, at + i);
    return value;
}

/// Frames that zst and lz4 share and decoders skip: magic, size, anything.
bool is_skippable(std::string_view head) {
    return head.size() >= 8 && (little_endian(head, 0, 4) & 0xfffffff0U) == 0x184d2a50U;
}

bool is_zst(std::string_view head) {
    return little_endian(head, 0, 4) == 0xfd2fb528U && head.size() >= 6 &&
           (byte_at(head, 4) & 0x08U) == 0; // reserved bit of the frame header
}

bool is_lz4(std::string_view head) {
    constexpr std::uint64_t largest_legacy_block = (8U << 20) + (8U << 20) / 255 + 16;
    const auto magic = little_endian(head, 0, 4);
    if (magic == 0x184d2204U && head.size() >= 7)
        return (byte_at(head, 4) & 0xc2U) == 0x40U && (byte_at(head, 5) & 0x8fU) == 0;
    return magic == 0x184c2102U && head.size() >= 8 &&
           little_endian(head, 4, 4) <= largest_legacy_block;
}

bool is_lz(std::string_view head) {
    const unsigned log2_dictionary = byte_at(head, 5) & 0x1fU;
    return head.starts_with("LZIP") && head.size() >= 6 && byte_at(head, 4) <= 1 &&
           log2_dictionary >= 12 && log2_dictionary <= 29;
}

// Two bytes of magic are little: the flags have reserved bits, and the first code is 9 bits long
// and always a plain byte.
bool is_compress(std::string_view head) {
    const unsigned flags = byte_at(head, 2), bits = flags & 0x1fU;
    return head.size() >= 5 && head.starts_with("\x1f\x9d") && (flags & 0x60U) == 0 && bits >= 9 &&
           bits <= 16 && (byte_at(head, 4) & 1U) == 0;
}

// There is no magic: 13 bytes of header that encoders fill in a few ways only, and a first byte of
// data that is always zero.
bool is_lzma(std::string_view head) {
    constexpr std::uint64_t kib = 1024, mib = kib * kib;
    if (head.size() < 18 || byte_at(head, 13) != 0)
        return false;
    const unsigned properties = byte_at(head, 0);
    if (properties >= 225 || properties % 9 + properties / 9 % 5 > 4)
        return false;
    const auto dictionary = little_endian(head, 1, 4), size = little_endian(head, 5, 8);
    const auto lowest_bit = dictionary & (~dictionary + 1);
    const bool usual = dictionary == lowest_bit || dictionary == lowest_bit * 3;
    return usual && dictionary >= 4 * kib && dictionary <= 1536 * mib &&
           (size == ~std::uint64_t{0} || (size > 0 && size < std::uint64_t{1} << 38));
}

bool is_rar(std::string_view head) {
    using namespace std::string_view_literals;
    return head.starts_with("Rar!\x1a\x07\x00"sv) || head.starts_with("Rar!\x1a\x07\x01\x00"sv);
}

std::optional<ContainerKind> kind_of(std::string_view head) {
    using namespace std::string_view_literals;
    if (is_zst(head))
        return ContainerKind::zst;
    if (is_lz4(head))
        return ContainerKind::lz4;
    if (is_lz(head))
        return ContainerKind::lz;
    if (head.starts_with("\x89LZO\0\r\n\x1a\n"sv))
        return ContainerKind::lzo;
    if (is_compress(head))
        return ContainerKind::Z;
    if (head.starts_with("!<arch>\n"))
        return ContainerKind::ar;
    if (head.starts_with("WARC/") && byte_at(head, 5) >= '0' && byte_at(head, 5) <= '9')
        return ContainerKind::warc;
    if (is_rar(head))
        return ContainerKind::rar;
    if (head.starts_with("\xed\xab\xee\xdb") && head.size() >= 96)
        return ContainerKind::rpm;
    if (is_lzma(head))
        return ContainerKind::lzma;
    return std::nullopt;
}

std::string_view read_head(int fd, std::uint64_t offset, std::array<char, container_head> &buffer) {
    const auto got = read_at(fd, buffer.data(), buffer.size(), offset);
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

/// Where the zst frame at `at` ends, by its block headers; nothing when they run out of the file or
/// there are more than `blocks` left to count.
std::optional<std::uint64_t> zst_frame_end(int fd, std::uint64_t at, std::uint64_t end,
                                           unsigned &blocks) {
    std::array<char, container_head> buffer{};
    const unsigned flags = byte_at(read_head(fd, at, buffer), 4);
    constexpr std::array<unsigned, 4> dictionary_bytes = {0, 1, 2, 4}, size_bytes = {0, 2, 4, 8};
    const bool single = (flags & 0x20U) != 0;
    at += 5 + dictionary_bytes[flags & 3U] +
          (flags >> 6U == 0 && single ? 1U : size_bytes[flags >> 6U]);
    at += single ? 0 : 1;
    for (bool last = false; !last; --blocks) {
        std::array<char, 3> header{};
        if (blocks == 0 || read_at(fd, header.data(), 3, at) != 3)
            return std::nullopt;
        const auto bits = little_endian({header.data(), 3}, 0, 3);
        const auto type = bits >> 1U & 3U;
        last = (bits & 1U) != 0;
        at += 3 + (type == 1 ? 1 : bits >> 3U); // 1: one byte, repeated
        if (type == 3 || at > end)
            return std::nullopt;
    }
    at += (flags & 4U) != 0 ? 4 : 0; // checksum
    return at <= end ? std::optional(at) : std::nullopt;
}

/// Where the frames end and something else follows; the file's end when all of it is frames or one
/// is broken. libarchive loses what it decoded just before it met something else.
std::uint64_t zst_end(int fd, std::uint64_t at, std::uint64_t end) {
    std::array<char, container_head> buffer{};
    unsigned blocks = 1U << 20;
    while (at < end) {
        const auto head = read_head(fd, at, buffer);
        if (is_skippable(head)) {
            at += 8 + little_endian(head, 4, 4);
        } else if (is_zst(head)) {
            const auto next = zst_frame_end(fd, at, end, blocks);
            if (!next)
                return end;
            at = *next;
        } else {
            return at;
        }
    }
    return end;
}

/// The length of the header structure at the start of `head`; 0 when there is none.
std::uint64_t rpm_header_size(std::string_view head) {
    if (!head.starts_with("\x8e\xad\xe8\x01") || head.size() < 16)
        return 0;
    return 16 + 16 * big_endian(head, 8, 4) + big_endian(head, 12, 4);
}

/// A 96-byte lead, the signature header (padded to 8 bytes), the header, then a compressed cpio.
bool locate_rpm_payload(int fd, ContainerPlace &place) {
    std::array<char, container_head> buffer{};
    std::uint64_t at = 96;
    for (const bool padded : {true, false}) {
        const auto size = rpm_header_size(read_head(fd, at, buffer));
        if (size == 0)
            return false;
        at += padded ? (size + 7) / 8 * 8 : size;
    }
    const auto head = read_head(fd, at, buffer);
    place.begin = at;
    if (head.starts_with("\x1f\x8b"))
        place.payload = Compression::gzip;
    else if (head.starts_with("BZh"))
        place.payload = Compression::bzip2;
    else if (head.starts_with("\xfd"
                              "7zXZ"))
        place.payload = Compression::xz;
    else if (is_zst(head))
        place.payload = Compression::zstd;
    else if (is_lzma(head))
        place.payload = Compression::lzma;
    else if (!head.starts_with("07070"))
        return false;
    return true;
}

} // namespace

const char *container_format(std::string_view head) {
    // A chain of skippable frames that leaves the head is left to locate_container().
    std::uint64_t skip = 0;
    while (skip < head.size() && is_skippable(head.substr(skip)))
        skip += 8 + little_endian(head, skip + 4, 4);
    if (skip != 0 && skip + 8 > head.size())
        return names[static_cast<std::size_t>(ContainerKind::zst)];
    const auto kind = kind_of(head.substr(skip));
    if (!kind || (skip != 0 && *kind != ContainerKind::zst && *kind != ContainerKind::lz4))
        return nullptr;
    return names[static_cast<std::size_t>(*kind)];
}

bool is_certain(std::string_view format) {
    return format != "Z" && format != "lzma";
}

Inside inside_of(std::string_view head) {
    if (head.empty())
        return Inside::nothing;
    if (head.starts_with("070701") || head.starts_with("070702") || head.starts_with("070707"))
        return Inside::cpio;
    constexpr std::size_t sum_at = 148, sum_size = 8;
    if (head.size() < inside_head || byte_at(head, 0) == 0)
        return Inside::one_file;
    // Every tar header since version 7 has an octal sum of its bytes, its own counted as blanks;
    // some programs summed signed bytes.
    long plain = 0, with_signs = 0, said = 0;
    for (std::size_t i = 0; i < inside_head; ++i) {
        const bool own = i >= sum_at && i < sum_at + sum_size;
        const auto byte = own ? ' ' : byte_at(head, i);
        plain += byte;
        with_signs += static_cast<signed char>(byte);
    }
    for (const char c : head.substr(sum_at, sum_size))
        if (c >= '0' && c <= '7')
            said = said * 8 + (c - '0');
        else if (c != ' ' || said != 0)
            break;
    return said == plain || said == with_signs ? Inside::tar : Inside::one_file;
}

Result<ContainerPlace> locate_container(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0)
        return fail_errno("container");
    ContainerPlace place;
    place.end = static_cast<std::uint64_t>(status.st_size);
    std::array<char, container_head> buffer{};
    auto head = read_head(fd, 0, buffer);
    constexpr unsigned most_frames = 10000;
    for (unsigned frames = 0; frames < most_frames && is_skippable(head); ++frames) {
        place.begin += 8 + little_endian(head, 4, 4);
        head = read_head(fd, place.begin, buffer);
    }
    const auto kind = kind_of(head);
    if (!kind || (place.begin != 0 && *kind != ContainerKind::zst && *kind != ContainerKind::lz4))
        return fail("", "not a container that is opened");
    place.kind = *kind;
    place.rar5 = *kind == ContainerKind::rar && byte_at(head, 6) == 1;
    constexpr std::uint64_t most_dictionary = 128U << 20;
    if (*kind == ContainerKind::lzma && little_endian(head, 1, 4) > most_dictionary)
        return fail("", "its dictionary needs more than 128 MiB");
    if (*kind == ContainerKind::zst) {
        const auto size = place.end;
        place.end = zst_end(fd, place.begin, size);
        place.trailing = place.end < size;
    }
    if (*kind == ContainerKind::rpm && !locate_rpm_payload(fd, place))
        return fail("", "an rpm whose payload is not found");
    return place;
}

ssize_t read_at(int fd, void *buffer, std::size_t size, std::uint64_t offset) {
    std::size_t got = 0;
    while (got < size) {
        const auto n = ::pread(fd, static_cast<char *>(buffer) + got, size - got,
                               static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(got);
}

bool write_at(int fd, const void *data, std::size_t size, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < size) {
        const auto n = ::pwrite(fd, static_cast<const char *>(data) + done, size - done,
                                static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

} // namespace hostav
