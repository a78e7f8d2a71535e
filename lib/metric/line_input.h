// SPDX-License-Identifier: GPL-2.0-only
//
// A descriptor read as whole lines, many at a time. A line that is longer than `longest_line` comes
// in pieces, as a log event that long would.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace hostav {

constexpr std::size_t longest_line = std::size_t{1} << 20;

class LineInput {
  public:
    /// `fd` is the caller's.
    explicit LineInput(int fd);
    /// Views are valid until the next call.
    struct Read {
        std::string_view bytes; ///< what came
        std::string_view lines; ///< whole lines, of what came before as well; at the end, all
        bool ended = false;
    };
    /// Reads once; nothing where nothing is there. After a failure end() has what is left.
    Result<Read> read();
    /// The line without an end that was read so far, for who stops reading.
    [[nodiscard]] std::string_view end();

  private:
    int fd_;
    std::vector<char> buffer_;
    std::size_t taken_ = 0, have_ = 0; ///< bytes that were handed out, bytes that were read
};

} // namespace hostav
