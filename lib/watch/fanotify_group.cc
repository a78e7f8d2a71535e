// SPDX-License-Identifier: GPL-2.0-only
#include "watch/fanotify_group.h"

#include "base/text.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Of newer kernels' headers than the oldest that we are built with.
#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif
#ifndef FAN_MARK_FILESYSTEM
#define FAN_MARK_FILESYSTEM 0x00000100
#endif
#ifndef FAN_OPEN_EXEC
#define FAN_OPEN_EXEC 0x00001000
#define FAN_OPEN_EXEC_PERM 0x00040000
#endif

namespace hostav {

namespace {

/// Ignore marks that hold their inodes in memory (kernels before 5.19): about 1 KB each.
constexpr std::uint64_t most_pinned = 100000;

Error explain(const std::string &what, int error) {
    if (error == EPERM)
        return {what, "needs root, or the capability CAP_SYS_ADMIN in the first user namespace"};
    if (error == ENOSYS || error == EINVAL)
        return {what, "this kernel has no fanotify permission events "
                      "(CONFIG_FANOTIFY_ACCESS_PERMISSIONS)"};
    return fail_errno(what, error).error();
}

} // namespace

FanotifyGroup::FanotifyGroup(Fd fd, const Accesses &accesses) : fd_(std::move(fd)) {
    if (accesses.open)
        mask_ |= accesses.ask ? FAN_OPEN_PERM : FAN_OPEN;
    if (accesses.exec)
        mask_ |= accesses.ask ? FAN_OPEN_EXEC_PERM : FAN_OPEN_EXEC;
    ignored_ = mask_;
    mask_ |= FAN_CLOSE_WRITE;
}

Result<FanotifyGroup> FanotifyGroup::create(const Accesses &accesses) {
    // Openers that wait bound the queue by themselves. Where nobody waits, one who opens faster
    // than we scan would fill the kernel's memory: it loses events there, and says so.
    const unsigned queue = accesses.ask ? FAN_UNLIMITED_QUEUE : 0;
    Fd fd(::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | queue |
                              FAN_UNLIMITED_MARKS,
                          O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME));
    if (!fd)
        return std::unexpected(explain("fanotify", errno));
    return FanotifyGroup(std::move(fd), accesses);
}

Result<void> FanotifyGroup::mark_file_system(const std::string &path, bool &whole) {
    const auto mark = [&](unsigned kind) {
        return ::fanotify_mark(fd_.get(), FAN_MARK_ADD | kind, mask_, AT_FDCWD, path.c_str()) == 0;
    };
    whole = true;
    if (mark(FAN_MARK_FILESYSTEM))
        return {};
    // exec has events of its own since Linux 5.0; before, open has them all.
    constexpr std::uint64_t exec = FAN_OPEN_EXEC | FAN_OPEN_EXEC_PERM;
    const auto without = mask_ & ~exec;
    if (errno == EINVAL && without != mask_ && (without & ~FAN_CLOSE_WRITE) != 0) {
        mask_ = without;
        ignored_ &= ~exec;
        if (mark(FAN_MARK_FILESYSTEM))
            return {};
    }
    if (errno != EINVAL)
        return std::unexpected(explain(escape_path(path), errno));
    whole = false;
    if (mark(FAN_MARK_MOUNT))
        return {};
    return std::unexpected(explain(escape_path(path), errno));
}

Result<void> FanotifyGroup::mark_mount(const std::string &path) {
    if (::fanotify_mark(fd_.get(), FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD,
                        path.c_str()) != 0)
        return std::unexpected(explain(escape_path(path), errno));
    return {};
}

bool FanotifyGroup::remember(int fd) {
    constexpr unsigned flags = FAN_MARK_ADD | FAN_MARK_IGNORED_MASK;
    if (evictable_) {
        if (::fanotify_mark(fd_.get(), flags | FAN_MARK_EVICTABLE, ignored_, fd, nullptr) == 0)
            return true;
        if (errno != EINVAL)
            return false;
        evictable_ = false;
    }
    if (++remembered_ > most_pinned)
        forget_all();
    return ::fanotify_mark(fd_.get(), flags, ignored_, fd, nullptr) == 0;
}

void FanotifyGroup::forget(int fd) {
    ::fanotify_mark(fd_.get(), FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, ignored_, fd, nullptr);
}

void FanotifyGroup::forget_all() {
    // The marks of inodes only: those of file systems stay, so that there is no gap.
    ::fanotify_mark(fd_.get(), FAN_MARK_FLUSH, 0, AT_FDCWD, nullptr);
    remembered_ = 0;
}

/// The kernel does not say when an event came. While nobody can read, its queue is measured
/// instead.
void FanotifyGroup::note_waiting() {
    constexpr std::chrono::milliseconds apart{100};
    int bytes = 0;
    if (::ioctl(fd_.get(), FIONREAD, &bytes) != 0)
        return;
    const auto number = read_ + static_cast<std::uint64_t>(bytes) / FAN_EVENT_METADATA_LEN;
    const auto now = std::chrono::steady_clock::now();
    if (number <= (waiting_.empty() ? read_ : waiting_.back().number))
        return;
    if (!waiting_.empty() && now - waiting_.back().at < apart)
        waiting_.back().number = number;
    else
        waiting_.push_back({number, now});
}

std::chrono::steady_clock::time_point FanotifyGroup::arrival() {
    ++read_;
    while (!waiting_.empty() && waiting_.front().number < read_)
        waiting_.pop_front();
    return waiting_.empty() ? std::chrono::steady_clock::now() : waiting_.front().at;
}

std::vector<FileEvent> FanotifyGroup::read(std::size_t most, std::uint64_t &errors) {
    constexpr std::size_t largest = 64;
    alignas(fanotify_event_metadata) std::array<char, largest * FAN_EVENT_METADATA_LEN> buffer{};
    const auto size = std::min(most, largest) * FAN_EVENT_METADATA_LEN;
    auto got = ::read(fd_.get(), buffer.data(), size);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        ++errors;
    std::vector<FileEvent> events;
    const auto *event = reinterpret_cast<const fanotify_event_metadata *>(buffer.data());
    while (got > 0 && FAN_EVENT_OK(event, got)) {
        auto &read = events.emplace_back();
        read.fd.reset(event->fd == FAN_NOFD ? -1 : event->fd);
        read.pid = event->pid;
        read.since = arrival();
        read.asks = (event->mask & (FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)) != 0;
        read.written = (event->mask & FAN_CLOSE_WRITE) != 0;
        read.overflow = (event->mask & FAN_Q_OVERFLOW) != 0;
        event = FAN_EVENT_NEXT(event, got);
    }
    return events;
}

void FanotifyGroup::answer(int event_fd, bool allow) {
    const fanotify_response response{event_fd,
                                     static_cast<std::uint32_t>(allow ? FAN_ALLOW : FAN_DENY)};
    while (::write(fd_.get(), &response, sizeof response) < 0 && errno == EINTR) {
    }
}

std::string FanotifyGroup::features() const {
    return std::string(evictable_ ? "evictable marks" : "pinned marks") +
           ((mask_ & (FAN_OPEN_EXEC | FAN_OPEN_EXEC_PERM)) != 0 ? ", exec events" : "");
}

} // namespace hostav
