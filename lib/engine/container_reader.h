// SPDX-License-Identifier: GPL-2.0-only
//
// Private to the container module (container*.cc, lzop.cc, warc.cc): what a reader of one kind of
// container provides, and where in the file it starts.
#pragma once

#include "engine/container.h"

namespace hostav {

enum class ContainerKind : std::uint8_t { zst, lz4, lz, lzo, Z, lzma, ar, warc, rar, rpm };

/// What compresses an rpm's payload.
enum class Compression : std::uint8_t { none, gzip, bzip2, xz, lzma, zstd };

/// A container found in a file: its kind and where the part to be decoded begins (after skippable
/// frames of zst and lz4, after an rpm's headers).
struct ContainerPlace {
    ContainerKind kind = ContainerKind::zst;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;                   ///< where it ends, the file's size as a rule
    bool trailing = false;                   ///< something else follows, which is not decoded
    Compression payload = Compression::none; ///< of an rpm
};

/// Looks further into the file than container_format() can.
[[nodiscard]] Result<ContainerPlace> locate_container(int fd);

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

[[nodiscard]] std::unique_ptr<ContainerReader> open_warc(int fd, const ContainerPlace &place,
                                                         std::function<bool()> go_on);

/// Bytes read at `offset`, fewer than asked for at the end of the file only; negative on error.
[[nodiscard]] ssize_t read_at(int fd, void *buffer, std::size_t size, std::uint64_t offset);
[[nodiscard]] bool write_at(int fd, const void *data, std::size_t size, std::uint64_t offset);

} // namespace hostav
