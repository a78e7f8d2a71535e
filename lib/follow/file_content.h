// SPDX-License-Identifier: GPL-2.0-only
//
// The bytes of a log file by position: as they are, or what a gzip file has in it. The descriptor
// stays open as long as the object lives, so that renaming and deleting lose nothing.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/stat.h>

namespace hostav {

/// Which file it is, as long as it exists: inode numbers are given again.
struct FileIdentity {
    std::uint64_t device = 0, inode = 0;
    bool operator==(const FileIdentity &) const = default;
};

struct FileIdentityHash {
    std::size_t operator()(const FileIdentity &id) const {
        return std::hash<std::uint64_t>()(id.inode * 31 + id.device);
    }
};

struct FileStatus {
    FileIdentity id;
    std::uint64_t size = 0;
    std::int64_t modified = 0; ///< nanoseconds since 1970
    std::int64_t born = 0;     ///< likewise; 0 where the file system does not tell
    std::uint64_t links = 0;
    mode_t mode = 0;
};

/// Links are followed. Nothing on failure, errno says why.
[[nodiscard]] std::optional<FileStatus> status_of(int directory, const std::string &name);
[[nodiscard]] std::optional<FileStatus> status_of(int fd);

/// Opens a regular file for reading; a FIFO, a device or the like is an error, and not waited for.
/// The error names nothing; errno is the system's, 0 for what is no regular file.
[[nodiscard]] Result<Fd> open_regular(int directory, const std::string &name);

class FileContent {
  public:
    FileContent();
    FileContent(Fd fd, bool compressed);
    FileContent(FileContent &&) noexcept;
    FileContent &operator=(FileContent &&) noexcept;
    FileContent(const FileContent &) = delete;
    FileContent &operator=(const FileContent &) = delete;
    ~FileContent();

    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(fd_); }
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] bool compressed() const { return compressed_; }

    /// Some bytes at `offset`, at most `to.size()`; 0 at the end. Errors name nothing.
    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> to) const;
    /// As many as there are.
    Result<std::string> text_at(std::uint64_t offset, std::size_t length) const;
    /// Forgets how far a gzip file was unpacked: the next read begins at its start again.
    void rest() const;

  private:
    struct Unpacking;
    Fd fd_;
    bool compressed_ = false;
    mutable std::unique_ptr<Unpacking> unpacking_;
};

} // namespace hostav
