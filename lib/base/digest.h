// SPDX-License-Identifier: GPL-2.0-only
//
// SHA-256, HMAC and detached signatures by OpenSSL's EVP.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace hostav {

/// Lower-case hexadecimal SHA-256 of a descriptor's whole content, read by position (the file
/// offset neither matters nor moves). Fails on a read error, which names no file: the caller has
/// the name.
[[nodiscard]] Result<std::string> sha256_of_fd(int fd);
/// Likewise MD5, which ClamAV's logs and signatures name files by; no protection against anybody.
[[nodiscard]] Result<std::string> md5_of_fd(int fd);
/// Empty when OpenSSL provides no SHA-256.
[[nodiscard]] std::string sha256_of(std::string_view bytes);
/// The 32 bytes of HMAC-SHA-256 (RFC 2104), empty likewise.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// Checks a detached signature over a descriptor's whole content: Ed25519, or RSA (PKCS #1) or
/// ECDSA with SHA-256, raw or in base64 as people put it into files. `pem`: the public key.
[[nodiscard]] Result<void> verify_signature(std::string_view pem, int fd,
                                            std::string_view signature);

} // namespace hostav
