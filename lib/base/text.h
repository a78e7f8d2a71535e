// SPDX-License-Identifier: GPL-2.0-only
//
// Text that goes out and numbers that come in: escaping for lines and logs, UTF-8 for JSON,
// sizes and numbers as options give them. Pure functions, no locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

/// A file name as it may stand in a line: backslash as `\\`; control characters C-style (`\a \b
/// \t \n \v \f \r`, others as three octal digits, `\033`), also DEL, the C1 controls in UTF-8, the
/// line and paragraph separators U+2028 and U+2029 and every byte that is not valid UTF-8. The
/// result is one line of valid UTF-8 whatever the name is.
[[nodiscard]] std::string escape_path(std::string_view raw);

[[nodiscard]] bool is_utf8(std::string_view text);
/// Bytes of valid UTF-8 at the begin of the text, whole characters.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text);
/// Whether more bytes could make a character of a text that is none: it is cut off.
[[nodiscard]] bool is_cut_utf8(std::string_view text);
/// The text with every invalid byte replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view text);
[[nodiscard]] std::string base64(std::string_view bytes);
/// The bytes of standard base64 (RFC 4648, padded), or nothing when it is malformed.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
/// Lower-case hexadecimal.
[[nodiscard]] std::string hex(std::string_view bytes);
/// The bytes of lower-case hexadecimal, or nothing when it is none.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// A decimal number without sign, blanks or trailing text, or nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);
/// As parse_number, with one optional suffix K, M or G (either case; 2^10, 2^20, 2^30).
/// Nothing on overflow of 63 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// yes/no, true/false, 1/0, on/off in any case, as clamscan's options take them.
[[nodiscard]] std::optional<bool> parse_bool(std::string_view text);

} // namespace hostav
