// SPDX-License-Identifier: GPL-2.0-only
//
// The one module that includes OpenSSL. EVP only, so that a FIPS provider is used where the
// system is configured for one.
#include "base/digest.h"

#include "base/text.h"

#include <array>
#include <memory>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>
#include <vector>

namespace hostav {
namespace {

constexpr std::size_t buffer_size = std::size_t{256} * 1024;

struct FreeContext {
    void operator()(EVP_MD_CTX *context) const { EVP_MD_CTX_free(context); }
};

class Digest {
  public:
    explicit Digest(const EVP_MD *algorithm) : context_(EVP_MD_CTX_new()) {
        good_ = context_ && EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1;
    }
    void update(const void *data, std::size_t size) {
        good_ = good_ && EVP_DigestUpdate(context_.get(), data, size) == 1;
    }
    /// Empty when the library could not do it (no memory, or no such algorithm provided).
    [[nodiscard]] std::string finish() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        if (!good_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1)
            return {};
        return hex({reinterpret_cast<const char *>(digest.data()), size});
    }

  private:
    std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
    bool good_ = false;
};

/// `name`: the algorithm's, for the error.
Result<std::string> digest_of_fd(int fd, const EVP_MD *algorithm, const char *name) {
    Digest digest(algorithm);
    std::vector<char> buffer(buffer_size);
    for (off_t offset = 0;;) {
        const ssize_t got = pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno("");
        if (got == 0)
            break;
        digest.update(buffer.data(), static_cast<std::size_t>(got));
        offset += got;
    }
    std::string text = digest.finish();
    if (text.empty())
        return fail("", std::string(name) + " is not available from OpenSSL");
    return text;
}

} // namespace

Result<std::string> sha256_of_fd(int fd) {
    return digest_of_fd(fd, EVP_sha256(), "SHA-256");
}

Result<std::string> md5_of_fd(int fd) {
    return digest_of_fd(fd, EVP_md5(), "MD5");
}

std::string sha256_of(std::string_view bytes) {
    Digest sha(EVP_sha256());
    sha.update(bytes.data(), bytes.size());
    return sha.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size(), mac.data(),
               &size) == nullptr)
        return {};
    return {reinterpret_cast<const char *>(mac.data()), size};
}

} // namespace hostav
