// SPDX-License-Identifier: GPL-2.0-only
#include "store/staged_file.h"

#include "base/text.h"
#include "store/object.h"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <sys/random.h>
#include <sys/stat.h>

namespace hostav {
namespace {

constexpr mode_t staged_mode = 0600;

std::string temporary_name() {
    std::array<char, 12> random{};
    // Without randomness the name is only easier to guess; O_EXCL protects it all the same.
    if (getrandom(random.data(), random.size(), 0) < 0)
        random.fill(static_cast<char>(getpid()));
    return ".hostav-" + hex(std::string_view(random.data(), random.size()));
}

} // namespace

Result<StagedFile> StagedFile::create(int directory) {
    Fd fd(openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, staged_mode));
    if (fd)
        return StagedFile(directory, std::move(fd), "");
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) // old kernels: EISDIR
        return fail_errno("cannot make a file");
    std::string name = temporary_name();
    fd.reset(openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    staged_mode));
    if (!fd)
        return fail_errno("cannot make a file");
    return StagedFile(directory, std::move(fd), std::move(name));
}

StagedFile::StagedFile(StagedFile &&other) noexcept
    : directory_(other.directory_), fd_(std::move(other.fd_)),
      temporary_(std::exchange(other.temporary_, "")) {}

StagedFile::~StagedFile() {
    struct stat st = {};
    if (!temporary_.empty() && fstat(fd_.get(), &st) == 0)
        (void)unlink_object(directory_, temporary_, st);
}

int StagedFile::publish(const std::string &name) {
    if (temporary_.empty())
        return link_object(fd_.get(), directory_, name);
    // By the name, not the descriptor: a file system without O_TMPFILE may have no hard links
    // either. Who could swap the temporary name may put files into that directory himself.
    if (renameat2(directory_, temporary_.c_str(), directory_, name.c_str(), RENAME_NOREPLACE) == 0)
        temporary_.clear();
    else if (errno != EINVAL && errno != ENOSYS)
        return errno;
    else
        return link_object(fd_.get(), directory_, name); // the destructor takes the other name
    return 0;
}

void StagedFile::sync_directory() const {
    const Fd readable(openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (readable)
        (void)fsync(readable.get());
}

} // namespace hostav
