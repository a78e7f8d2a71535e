// SPDX-License-Identifier: GPL-2.0-only
//
// Private to the container module: decodes a .lzo file, which libarchive leaves to the program
// `lzop` where it is built without liblzo2 (Debian's is), and a caged worker cannot run programs.
// Format: lzop 1.04's source; big-endian header with the name, then blocks of at most 64 MiB,
// each with its sizes and checksums; a length of zero ends a file; several may follow each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace hostav {

class LzopReader {
  public:
    LzopReader(int fd, std::uint64_t end) : fd_(fd), end_(end) {}

    /// The next decoded block, valid until the next call: its size, 0 at the end, -1 when the data
    /// is damaged (see why()).
    [[nodiscard]] ssize_t next_block(const void **block);
    [[nodiscard]] const char *why() const { return why_; }

  private:
    [[nodiscard]] bool take(void *to, std::size_t size);
    [[nodiscard]] bool take_header();
    [[nodiscard]] ssize_t take_block(std::uint32_t decoded_size);
    [[nodiscard]] bool decode(std::uint32_t decoded_size, std::uint32_t stored_size);
    [[nodiscard]] bool take_number(std::uint32_t &number);
    [[nodiscard]] ssize_t damaged(const char *why);

    int fd_;
    std::uint64_t end_;
    std::uint64_t position_ = 0;
    std::uint32_t flags_ = 0;
    bool in_file_ = false;
    const char *why_ = "";
    std::vector<unsigned char> stored_, decoded_;
};

} // namespace hostav
