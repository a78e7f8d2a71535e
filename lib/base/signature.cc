// SPDX-License-Identifier: GPL-2.0-only
//
// Detached signatures. Beside digest.cc the only module that includes OpenSSL.
#include "base/digest.h"
#include "base/text.h"

#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace hostav {

namespace {

template <auto release>
struct Release {
    template <typename T>
    void operator()(T *object) const {
        release(object);
    }
};
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

/// A whole file in memory: Ed25519 takes its message in one piece.
class Mapping {
  public:
    explicit Mapping(int fd) {
        struct stat st = {};
        if (::fstat(fd, &st) != 0 || st.st_size <= 0)
            return;
        size_ = static_cast<std::size_t>(st.st_size);
        data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    ~Mapping() {
        if (*this)
            ::munmap(data_, size_);
    }
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    explicit operator bool() const { return size_ != 0 && data_ != MAP_FAILED; }
    [[nodiscard]] const unsigned char *data() const {
        return static_cast<const unsigned char *>(data_);
    }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    void *data_ = MAP_FAILED; // NOLINT(performance-no-int-to-ptr)
    std::size_t size_ = 0;
};

Key read_key(std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

bool verifies(EVP_PKEY *key, const Mapping &message, std::string_view signature) {
    const Context context(EVP_MD_CTX_new());
    const int type = EVP_PKEY_get_base_id(key);
    const bool own_digest = type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, own_digest ? nullptr : EVP_sha256(),
                                nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(),
                            reinterpret_cast<const unsigned char *>(signature.data()),
                            signature.size(), message.data(), message.size()) == 1;
}

/// Base64 in lines, as `openssl base64` writes it.
std::optional<std::string> decoded(std::string_view signature) {
    std::string joined;
    for (const char c : signature)
        if (c != '\n' && c != '\r' && c != ' ')
            joined += c;
    return from_base64(joined);
}

} // namespace

Result<void> verify_signature(std::string_view pem, int fd, std::string_view signature) {
    const auto key = read_key(pem);
    if (!key)
        return fail("", "the key is no public key in PEM format");
    const Mapping message(fd);
    if (!message)
        return fail("", "the signed file cannot be read");
    if (verifies(key.get(), message, signature))
        return {};
    if (const auto raw = decoded(signature); raw && verifies(key.get(), message, *raw))
        return {};
    return fail("", "the signature does not fit");
}

} // namespace hostav
