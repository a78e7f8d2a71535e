// SPDX-License-Identifier: GPL-2.0-only
//
// Text in other encodings to UTF-8, by iconv(3). Names are Python's codecs (`utf_8`, `latin_1`,
// `cp1252`, `utf_16_le`, `shift_jis` …, with their aliases; `-`, `_` and blank are one, case does
// not matter), as awslogs.conf takes them. What cannot be decoded becomes U+FFFD and is counted.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hostav {

class Decoder {
  public:
    /// Fails for a name that no codec has, or that this system's iconv cannot read.
    static Result<Decoder> create(const std::string &name);
    Decoder(Decoder &&) noexcept;
    Decoder &operator=(Decoder &&) noexcept;
    Decoder(const Decoder &) = delete;
    Decoder &operator=(const Decoder &) = delete;
    ~Decoder();

    /// One whole piece (a line), each by itself. Appends valid UTF-8 to `to`; returns how many
    /// replacements it took.
    std::size_t decode(std::string_view bytes, std::string &to);
    /// Bytes of a code unit: 1, 2 (UTF-16) or 4 (UTF-32). A line end is as wide.
    [[nodiscard]] unsigned unit() const;
    /// Whether the line end's significant byte comes first (little endian) where unit() > 1.
    [[nodiscard]] bool little_endian() const;
    /// The byte order of UTF-16 and UTF-32 without one in their name, from a file's first bytes (at
    /// least four where there are as many); how many bytes of them are a byte order mark, also
    /// that of `utf_8_sig`. Called once a file, before decode().
    std::size_t start(std::string_view first_bytes);

  private:
    struct Impl;
    explicit Decoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
