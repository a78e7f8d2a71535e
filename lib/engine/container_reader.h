// SPDX-License-Identifier: GPL-2.0-only
//
// Private to the container module (container*.cc, cpio.cc, lzop.cc, rar5.cc, warc.cc): what a
// reader of one kind of container provides, and where in the file it starts.
#pragma once

#include "engine/container.h"

#include <vector>

namespace hostav {

enum class ContainerKind : std::uint8_t { zst, lz4, lz, lzo, Z, lzma, ar, warc, rar, rpm };

/// What compresses an rpm's payload.
// In the order of filter_code() in container.cc.
enum class Compression : std::uint8_t { none, gzip, bzip2, xz, lzma, zstd };

/// A container found in a file: its kind and where the part to be decoded begins (after skippable
/// frames of zst and lz4, after an rpm's headers).
struct ContainerPlace {
    ContainerKind kind = ContainerKind::zst;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;                   ///< where it ends, the file's size as a rule
    bool trailing = false;                   ///< something else follows, which is not decoded
    Compression payload = Compression::none; ///< of an rpm
    bool rar5 = false;
};

/// Looks further into the file than container_format() can.
[[nodiscard]] Result<ContainerPlace> locate_container(int fd);

struct Rar5Survey {
    std::vector<bool> encrypted; ///< file by file, in the archive's order
    bool ends = false;           ///< it has its end block
};
[[nodiscard]] Rar5Survey survey_rar5(int fd, const ContainerPlace &place);

/// What is inside one layer of compression, by the first decoded bytes. Decided here and not by
/// libarchive, for which anything that begins with zeros (a disk image) is a tar that has ended.
enum class Inside : std::uint8_t { nothing, tar, cpio, one_file };
inline constexpr std::size_t inside_head = 512;
[[nodiscard]] Inside inside_of(std::string_view head);

class ContainerReader {
  public:
    ContainerReader() = default;
    ContainerReader(const ContainerReader &) = delete;
    ContainerReader &operator=(const ContainerReader &) = delete;
    virtual ~ContainerReader() = default;

    virtual std::optional<Member> next() = 0;
    virtual MemberEnd extract(int out, std::uint64_t limit,
                              const std::function<bool(std::uint64_t)> &go_on) = 0;
    [[nodiscard]] bool damaged() const { return damaged_; }
    [[nodiscard]] bool stopped() const { return stopped_; }

  protected:
    bool damaged_ = false;
    bool stopped_ = false;
};

/// What one layer of compression decodes to.
class DecodedStream {
  public:
    DecodedStream() = default;
    DecodedStream(const DecodedStream &) = delete;
    DecodedStream &operator=(const DecodedStream &) = delete;
    virtual ~DecodedStream() = default;
    /// Bytes read, 0 at the end, -1 when decoding fails or the caller wants to stop.
    virtual ssize_t read(char *to, std::size_t size) = 0;
    virtual bool go_on() = 0;
    [[nodiscard]] virtual bool stopped() const = 0;
};
/// `head` is what was already read of the stream; `trailing` as in ContainerPlace.
[[nodiscard]] std::unique_ptr<ContainerReader> open_cpio(std::unique_ptr<DecodedStream> stream,
                                                         std::string_view head, bool trailing);
[[nodiscard]] std::unique_ptr<ContainerReader> open_warc(int fd, const ContainerPlace &place,
                                                         std::function<bool()> go_on);

[[nodiscard]] Result<std::unique_ptr<ContainerReader>>
open_by_libarchive(int fd, const ContainerPlace &place, std::function<bool()> go_on);

/// Bytes read at `offset`, fewer than asked for at the end of the file only; negative on error.
[[nodiscard]] ssize_t read_at(int fd, void *buffer, std::size_t size, std::uint64_t offset);
[[nodiscard]] bool write_at(int fd, const void *data, std::size_t size, std::uint64_t offset);

} // namespace hostav
