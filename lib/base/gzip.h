// SPDX-License-Identifier: GPL-2.0-only
//
// gzip (RFC 1952) by zlib, whose header is included in gzip.cc only.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hostav {

/// The whole of `bytes` as one gzip member, at zlib's fastest level. Keeps no memory.
[[nodiscard]] Result<std::string> gzip(std::string_view bytes);

/// Reads a gzip file (one member or several) from its start, piece by piece, in bounded memory.
class GzipReader {
  public:
    /// Reads `fd` by position: its offset neither matters nor moves. Owns a duplicate of nothing:
    /// `fd` must stay open.
    explicit GzipReader(int fd);
    GzipReader(GzipReader &&) noexcept;
    GzipReader &operator=(GzipReader &&) noexcept;
    GzipReader(const GzipReader &) = delete;
    GzipReader &operator=(const GzipReader &) = delete;
    ~GzipReader();

    /// Uncompressed bytes, at most `to.size()`; 0 at the end. Fails on what is no gzip or is cut
    /// off, after all bytes before that; a file that has grown since can be read on. The error has
    /// no what.
    Result<std::size_t> read(std::span<char> to);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
