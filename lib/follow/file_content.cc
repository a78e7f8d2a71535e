// SPDX-License-Identifier: GPL-2.0-only
#include "follow/file_content.h"

#include "base/gzip.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/sysmacros.h>

namespace hostav {
namespace {

constexpr std::size_t unpack_step = std::size_t{64} * 1024;
// What a refused event needs again is mostly still in it.
constexpr std::size_t unpacked_window = std::size_t{512} * 1024;

std::int64_t nanoseconds(const struct statx_timestamp &time) {
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

std::optional<FileStatus> ask(int directory, const char *name, int flags) {
    struct statx st = {};
    if (::statx(directory, name, flags | AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS | STATX_BTIME,
                &st) != 0)
        return std::nullopt;
    FileStatus status;
    status.id = {gnu_dev_makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino};
    status.size = st.stx_size;
    status.modified = nanoseconds(st.stx_mtime);
    if ((st.stx_mask & STATX_BTIME) != 0)
        status.born = nanoseconds(st.stx_btime);
    status.links = st.stx_nlink;
    status.mode = st.stx_mode;
    return status;
}

} // namespace

std::optional<FileStatus> status_of(int directory, const std::string &name) {
    return ask(directory, name.c_str(), 0);
}

std::optional<FileStatus> status_of(int fd) {
    return ask(fd, "", AT_EMPTY_PATH);
}

Result<Fd> open_regular(int directory, const std::string &name) {
    // Opening a device can itself do something: its type is asked first, and again afterwards,
    // because the name may have been given to something else meanwhile.
    const auto before = status_of(directory, name);
    if (!before)
        return fail_errno("");
    Fd fd;
    if (S_ISREG(before->mode)) {
        constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        fd.reset(::openat(directory, name.c_str(), flags));
        if (!fd)
            return fail_errno("");
        const auto after = status_of(fd.get());
        if (!after || !S_ISREG(after->mode))
            fd.reset();
    }
    if (!fd) {
        errno = 0;
        return fail("", "is not a regular file");
    }
    return fd;
}

/// A gzip file can only be read forward: its last piece is kept for reads a little further back.
struct FileContent::Unpacking {
    explicit Unpacking(int fd) : reader(fd) {}
    GzipReader reader;
    std::string window;
    std::uint64_t begin = 0; ///< of the window in the unpacked bytes
    [[nodiscard]] std::uint64_t end() const { return begin + window.size(); }

    /// False at the end of the file.
    Result<bool> step() {
        if (window.size() + unpack_step > unpacked_window) {
            const std::size_t old = window.size() / 2;
            window.erase(0, old);
            begin += old;
        }
        const std::size_t had = window.size();
        window.resize(had + unpack_step);
        auto got = reader.read(std::span(window).subspan(had));
        window.resize(had + (got ? *got : 0));
        if (!got)
            return std::unexpected(got.error());
        return *got > 0;
    }
};

FileContent::FileContent() = default;
FileContent::FileContent(Fd fd, bool compressed) : fd_(std::move(fd)), compressed_(compressed) {}
FileContent::FileContent(FileContent &&) noexcept = default;
FileContent &FileContent::operator=(FileContent &&) noexcept = default;
FileContent::~FileContent() = default;

Result<std::size_t> FileContent::read_at(std::uint64_t offset, std::span<char> to) const {
    if (!compressed_) {
        ssize_t got = 0;
        do
            got = ::pread(fd_.get(), to.data(), to.size(), static_cast<off_t>(offset));
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return fail_errno("");
        return static_cast<std::size_t>(got);
    }
    if (!unpacking_ || offset < unpacking_->begin)
        unpacking_ = std::make_unique<Unpacking>(fd_.get());
    while (unpacking_->end() <= offset) {
        const auto more = unpacking_->step();
        if (!more)
            return std::unexpected(more.error());
        if (!*more)
            return 0;
    }
    const auto from = std::string_view(unpacking_->window).substr(offset - unpacking_->begin);
    const std::size_t length = std::min(from.size(), to.size());
    std::copy_n(from.begin(), length, to.begin());
    return length;
}

Result<std::string> FileContent::text_at(std::uint64_t offset, std::size_t length) const {
    std::string text(length, '\0');
    std::size_t have = 0;
    while (have < length) {
        const auto got = read_at(offset + have, std::span(text).subspan(have));
        if (!got)
            return std::unexpected(got.error());
        if (*got == 0)
            break;
        have += *got;
    }
    text.resize(have);
    return text;
}

void FileContent::rest() const {
    unpacking_.reset();
}

} // namespace hostav
