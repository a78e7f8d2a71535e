// SPDX-License-Identifier: GPL-2.0-only
//
// Text in other encodings to UTF-8, by iconv(3). Names are Python's codecs (`utf_8`, `latin_1`,
// `cp1252`, `utf_16_le`, `shift_jis` …, with their aliases; `-`, `_` and blank are one, case does
// not matter), as awslogs.conf takes them. What cannot be decoded becomes U+FFFD and is counted.
#pragma once

#include "base/error.h"

#include <cstddef>
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

    struct Decoded {
        std::size_t taken = 0;    ///< of the bytes, whole characters
        std::size_t replaced = 0; ///< U+FFFD that were written for what is invalid
    };
    /// Appends to `to` as much of `bytes` as gives at most `most` bytes of valid UTF-8. Each call
    /// is by itself (a line). `last`: no bytes follow, so a character cut off at the end is
    /// invalid; else it is not taken.
    Decoded decode(std::string_view bytes, std::string &to, std::size_t most = std::string::npos,
                   bool last = true);
    /// Whether valid UTF-8 stands for itself.
    [[nodiscard]] bool is_utf8() const;
    /// A line end as it is encoded, 1, 2 (UTF-16) or 4 (UTF-32) bytes, which stand at a multiple of
    /// their number; and what may stand before it.
    [[nodiscard]] std::string_view line_end() const;
    [[nodiscard]] std::string_view carriage_return() const;

    /// Whether a byte order mark at a source's begin means something: then start() must have been
    /// called before anything else.
    [[nodiscard]] bool may_have_mark() const;
    /// Takes the byte order from a source's first bytes (at least four where there are as many);
    /// how many of them are the mark. Without one it is little endian, as Python's on our machines.
    std::size_t start(std::string_view first_bytes);

  private:
    struct Impl;
    explicit Decoder(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
