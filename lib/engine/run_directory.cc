// SPDX-License-Identifier: GPL-2.0-only
#include "engine/run_directory.h"

#include "base/cpus.h"
#include "base/files.h"
#include "base/text.h"

#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace hostav {

namespace {

constexpr const char *prefix = "hostav-scan.";
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool writable_tmpfs(const char *path) {
    constexpr long tmpfs_magic = 0x01021994; // linux/magic.h
    struct statfs fs = {};
    return ::statfs(path, &fs) == 0 && fs.f_type == tmpfs_magic && ::access(path, W_OK) == 0;
}

/// libclamav makes and removes a directory a scan, which on tmpfs costs half the time; but what
/// archives unpack to must not fill a small machine's memory.
std::string choose_parent(std::uint64_t bytes_wanted) {
    if (available_memory() > bytes_wanted)
        for (const char *path : {"/dev/shm", "/run/shm"})
            if (writable_tmpfs(path))
                return path;
    return "/tmp";
}

/// Removes what runs of ours that no longer live have left in `parent`.
void remove_stale(const std::string &parent) {
    const std::unique_ptr<DIR, int (*)(DIR *)> dir(::opendir(parent.c_str()), ::closedir);
    if (!dir)
        return;
    while (const dirent *entry = ::readdir(dir.get())) {
        const std::string name = static_cast<const char *>(entry->d_name);
        if (!name.starts_with(prefix))
            continue;
        const Fd fd(::openat(::dirfd(dir.get()), name.c_str(), directory_flags));
        struct stat st = {};
        if (!fd || ::fstat(fd.get(), &st) != 0 || st.st_uid != ::geteuid() ||
            ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
            continue;
        remove_contents(fd.get());
        ::unlinkat(::dirfd(dir.get()), name.c_str(), AT_REMOVEDIR);
    }
}

} // namespace

RunDirectory::RunDirectory(std::string path, Fd fd, bool keep)
    : path_(std::move(path)), fd_(std::move(fd)), keep_(keep) {}

RunDirectory::RunDirectory(RunDirectory &&other) noexcept
    : path_(std::exchange(other.path_, {})), fd_(std::move(other.fd_)), keep_(other.keep_) {}

RunDirectory::~RunDirectory() {
    if (!fd_ || keep_)
        return;
    remove_contents(fd_.get());
    ::rmdir(path_.c_str());
}

Result<RunDirectory> RunDirectory::make(const RunDirectoryOptions &options) {
    const auto parent =
        options.parent.empty() ? choose_parent(options.bytes_wanted) : options.parent;
    if (options.parent.empty())
        remove_stale(parent);
    // Another run may take our directory for a stale one until we hold its lock: try again then.
    constexpr int tries = 5;
    for (int i = 0; i < tries; ++i) {
        std::string path = parent + "/" + prefix + "XXXXXX";
        if (::mkdtemp(path.data()) == nullptr)
            return fail_errno(escape_path(parent));
        Fd fd(::open(path.c_str(), directory_flags));
        // Workers of another user pass through, but cannot list it.
        constexpr mode_t pass_through = 0711;
        struct stat st = {};
        if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 &&
            ::fchmod(fd.get(), pass_through) == 0 && ::fstat(fd.get(), &st) == 0 &&
            st.st_nlink != 0)
            return RunDirectory(std::move(path), std::move(fd), options.keep);
        ::rmdir(path.c_str());
    }
    return fail(escape_path(parent), "cannot keep a temporary directory there");
}

std::string RunDirectory::worker_path(unsigned number) const {
    return path_ + "/w" + std::to_string(number);
}

Result<Fd> RunDirectory::make_worker(unsigned number, uid_t uid, gid_t gid) {
    constexpr mode_t only_owner = 0700;
    const auto name = "w" + std::to_string(number);
    if (::mkdirat(fd_.get(), name.c_str(), only_owner) != 0)
        return fail_errno(escape_path(worker_path(number)));
    Fd fd(::openat(fd_.get(), name.c_str(), directory_flags));
    if (!fd || ::fchown(fd.get(), uid, gid) != 0)
        return fail_errno(escape_path(worker_path(number)));
    return fd;
}

void RunDirectory::remove_worker(unsigned number) {
    if (keep_)
        return;
    const auto name = "w" + std::to_string(number);
    const Fd fd(::openat(fd_.get(), name.c_str(), directory_flags));
    if (fd)
        remove_contents(fd.get());
    ::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR);
}

} // namespace hostav
