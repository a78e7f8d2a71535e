// SPDX-License-Identifier: GPL-2.0-only
#include "base/directory_reader.h"

#include <cerrno>
#include <cstring>
#include <dirent.h>

namespace hostav {

namespace {
constexpr std::size_t buffer_size = 32768; // readdir's own size
} // namespace

void DirectoryReader::fill() {
    if (!buffer_)
        buffer_ = std::make_unique_for_overwrite<char[]>(buffer_size);
    ssize_t got = -1;
    do
        got = ::getdents64(fd_, buffer_.get(), buffer_size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        error_ = errno;
    size_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    used_ = 0;
    if (size_ == 0) {
        end_ = true;
        buffer_.reset();
    }
}

std::optional<DirectoryName> DirectoryReader::next() {
    while (!end_) {
        if (used_ == size_) {
            fill();
            continue;
        }
        const char *record = buffer_.get() + used_;
        unsigned short length = 0;
        std::memcpy(&length, record + offsetof(dirent64, d_reclen), sizeof length);
        used_ += length;
        const char *name = record + offsetof(dirent64, d_name);
        if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0)
            continue;
        return DirectoryName{
            .name = name, .type = static_cast<unsigned char>(record[offsetof(dirent64, d_type)])};
    }
    return std::nullopt;
}

} // namespace hostav
