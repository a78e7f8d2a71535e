// SPDX-License-Identifier: GPL-2.0-only
//
// SHA-256 by OpenSSL's EVP.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace hostav {

/// Lower-case hexadecimal SHA-256 of a descriptor's whole content, read by position (the file
/// offset neither matters nor moves). Fails on a read error, which names no file: the caller has
/// the name.
[[nodiscard]] Result<std::string> sha256_of_fd(int fd);
/// Empty when OpenSSL provides no SHA-256.
[[nodiscard]] std::string sha256_of(std::string_view bytes);

} // namespace hostav
