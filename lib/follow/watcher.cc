// SPDX-License-Identifier: GPL-2.0-only
//
// The descriptor that is given out is an epoll(7) instance around inotify's, because that can be
// silenced while events wait.
#include "follow/watcher.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

namespace hostav {

Result<Watcher> Watcher::create() {
    Fd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify)
        return fail_errno("inotify");
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event event = {};
    event.events = EPOLLIN;
    if (!epoll || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, inotify.get(), &event) != 0)
        return fail_errno("epoll");
    return Watcher(std::move(inotify), std::move(epoll));
}

void Watcher::listen(bool on) const {
    epoll_event event = {};
    if (on)
        event.events = EPOLLIN;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, inotify_.get(), &event);
}

int Watcher::watch_file(int fd) const {
    // By descriptor: the name may be another file's by now.
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return ::inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY);
}

int Watcher::watch_directory(const std::string &path) const {
    constexpr std::uint32_t changes = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    return ::inotify_add_watch(inotify_.get(), path.c_str(), changes);
}

void Watcher::forget(int watch) const {
    ::inotify_rm_watch(inotify_.get(), watch);
}

bool Watcher::drain(Input::Clock::time_point now,
                    const std::function<void(int watch, const std::string &name)> &take) {
    const bool paused = paused_until_ != Input::Clock::time_point::max();
    if (paused && now < paused_until_)
        return true;
    bool complete = true;
    bool any = false;
    alignas(inotify_event) std::array<char, std::size_t{16} * 1024> buffer; // NOLINT(*-member-init)
    for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
        any = true;
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t at = 0; at + sizeof(inotify_event) <= bytes.size();) {
            inotify_event event = {};
            std::memcpy(&event, bytes.data() + at, sizeof event);
            at += sizeof event;
            const auto name = bytes.substr(at, event.len);
            at += event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0)
                complete = false;
            else if ((event.mask & IN_IGNORED) == 0)
                take(event.wd, std::string(name.substr(0, name.find('\0'))));
        }
    }
    paused_until_ = any ? now + pause : Input::Clock::time_point::max();
    if (any != paused)
        listen(!any);
    return complete;
}

bool is_remote(int fd) {
    struct statfs info = {};
    if (::fstatfs(fd, &info) != 0)
        return false;
    // linux/magic.h and the file systems' own sources: NFS, SMB (three), FUSE, Ceph, 9P, AFS, Coda,
    // GFS2, OCFS2, Lustre, VirtualBox's shared folders.
    constexpr std::array<std::uint32_t, 13> remote = {
        0x6969,     0x517b,     0xfe534d42, 0xff534d42, 0x65735546, 0x00c36400, 0x01021997,
        0x5346414f, 0x73757245, 0x01161970, 0x7461636f, 0x0bd00bd0, 0x786f4256};
    return std::ranges::find(remote, static_cast<std::uint32_t>(info.f_type)) != remote.end();
}

} // namespace hostav
