// SPDX-License-Identifier: GPL-2.0-only
//
// What becomes of an event: an answer at once, or a scan that its opener waits for.
#include "watch/gate.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <tuple>
#include <unistd.h>

namespace hostav {

namespace {

constexpr std::size_t longest_link = 4096; ///< the kernel's own limit (PATH_MAX)
/// Background scans that wait: each holds a file open.
constexpr std::size_t most_background = 64;
/// Files above this go to the lane that never takes the last worker.
constexpr std::uint64_t large_file = mebi;

timespec time_of(const statx_timestamp &time) {
    return {static_cast<std::time_t>(time.tv_sec), static_cast<long>(time.tv_nsec)};
}

bool is_deleted(const struct statx &st) {
    return st.stx_nlink == 0;
}

/// Paths longer than a page stand only in /proc/self/maps, which has no limit: the file is mapped
/// for a moment (nothing of it is read).
std::string long_path(int fd) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void *const at = ::mmap(nullptr, page, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) // NOLINT
        return {};
    std::array<char, 32> start{};
    std::snprintf(start.data(), start.size(), "%lx-", reinterpret_cast<unsigned long>(at));
    std::string found;
    const Fd maps(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 16384> piece{};
    ssize_t got = 0;
    while (maps && (got = ::read(maps.get(), piece.data(), piece.size())) > 0)
        text.append(piece.data(), static_cast<std::size_t>(got));
    ::munmap(at, page);
    auto line = text.starts_with(start.data()) ? 0 : text.find(std::string("\n") + start.data());
    if (line == std::string::npos)
        return {};
    const auto slash = text.find('/', line + 1);
    const auto end = text.find('\n', line + 1);
    if (slash == std::string::npos || end == std::string::npos || slash > end)
        return {};
    for (std::size_t i = slash; i < end; ++i) { // only line ends are escaped there
        if (text.compare(i, 4, "\\012") == 0) {
            found += '\n';
            i += 3;
        } else {
            found += text[i];
        }
    }
    return found;
}

/// The effective user of a process, whose /proc entry shows root where it is not dumpable.
bool user_of(pid_t pid, uid_t &uid) {
    const auto name = "/proc/" + std::to_string(pid) + "/status";
    const Fd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 2048> text{};
    const auto got = fd ? ::read(fd.get(), text.data(), text.size() - 1) : -1;
    const char *line = got > 0 ? std::strstr(text.data(), "\nUid:") : nullptr;
    unsigned real = 0;
    unsigned effective = 0;
    if (line == nullptr || std::sscanf(line, "\nUid: %u %u", &real, &effective) != 2)
        return false;
    uid = effective;
    return true;
}

} // namespace

bool look_at(int fd, struct statx &st) {
#ifndef STATX_MNT_ID
    constexpr unsigned STATX_MNT_ID = 0x1000;
#endif
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) != 0)
        return false;
    if ((st.stx_mask & STATX_MNT_ID) == 0)
        st.stx_mnt_id = mount_id_of(fd);
    return true;
}

bool nobody_writes(int fd) {
    const bool granted = ::fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
    if (granted)
        ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return granted;
}

std::string path_of_event(int fd) {
    std::array<char, longest_link + 1> link{};
    const auto name = "/proc/self/fd/" + std::to_string(fd);
    const auto got = ::readlink(name.c_str(), link.data(), link.size());
    if (got > 0 && static_cast<std::size_t>(got) < longest_link)
        return {link.data(), static_cast<std::size_t>(got)};
    return long_path(fd);
}

std::string Gate::Identity::change_time() const {
    return std::to_string(changed.tv_sec) + "." + std::to_string(changed.tv_nsec);
}

bool Gate::Identity::operator==(const Identity &other) const {
    return !(*this < other) && !(other < *this);
}

bool Gate::Identity::operator<(const Identity &other) const {
    const auto key = [](const Identity &it) {
        return std::tuple(it.device, it.inode, it.size, it.changed.tv_sec, it.changed.tv_nsec,
                          it.modified.tv_sec, it.modified.tv_nsec);
    };
    return key(*this) < key(other);
}

Gate::Identity Gate::identity_of(const struct statx &st) {
    return {makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino,
            static_cast<off_t>(st.stx_size), time_of(st.stx_ctime), time_of(st.stx_mtime)};
}

void Gate::take_events() {
    std::uint64_t errors = 0;
    // Without a free descriptor for every event the kernel would deny openers by itself.
    auto events = group_.read(room(), errors);
    statistics_.count(Count::read_errors, errors);
    for (auto &event : events)
        take(std::move(event));
}

/// Whether one of our own processes has opened the file: nobody waits for himself.
bool Gate::is_ours(pid_t pid) {
    if (pid <= 0) // of a process that our pid namespace does not show; 0 would mean ourselves
        return false;
    if (pid == main_)
        return true;
    const auto session = ::getsid(pid);
    return session > 0 && own_sessions_.contains(session);
}

void Gate::allow(const FileEvent &event, Count why) {
    statistics_.count(why);
    if (!event.asks)
        return;
    group_.answer(event.fd.get(), true);
    statistics_.count(Count::allowed);
}

bool Gate::is_excluded(const FileEvent &event, uid_t &uid) const {
    const bool known = user_of(event.pid, uid);
    return known && excluded_users_.contains(uid);
}

void Gate::take(FileEvent event) {
    statistics_.count(Count::events);
    if (event.overflow || !event.fd) {
        statistics_.count(Count::overflow);
        complain_once("overflow", "the kernel has lost events: too many at once");
        return group_.forget_all(); // one may have been the end of a writer
    }
    if (!event.written && is_ours(event.pid))
        return allow(event, Count::own);
    if (!event.written && registered_.contains(event.pid))
        return allow(event, Count::registered);
    struct statx st = {};
    if (!look_at(event.fd.get(), st) || !S_ISREG(st.stx_mode) || st.stx_size == 0)
        return allow(event, Count::special);
    const auto identity = identity_of(st);
    if (event.written)
        return close_written(std::move(event), identity, st);
    decide(std::move(event), identity, st);
}

Gate::ScanPtr Gate::new_scan(const Identity &identity, const struct statx &st,
                             std::string path) const {
    auto scan = std::make_unique<Scan>();
    scan->identity = identity;
    scan->path = std::move(path);
    scan->since = Clock::now();
    scan->mount = st.stx_mnt_id;
    scan->large = st.stx_size > large_file;
    scan->foreign = scan->path.empty() || !territory_.knows_mount(st.stx_mnt_id);
    const auto kind = remembers_.find(st.stx_mnt_id);
    // A mount that we do not see shows a file system of this gate: all of them remember, or none.
    scan->remembers = kind == remembers_.end() ? options_.name == plain_gate : kind->second;
    // Two changes within one tick of the file system's clock look like one.
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::int64_t tick = 50'000'000;           // the kernel's is 4 to 10 ms
    constexpr std::int64_t coarse_tick = 2'500'000'000; // FAT has two seconds
    constexpr std::int64_t second = 1'000'000'000;
    const auto age =
        (now.tv_sec - identity.changed.tv_sec) * second + (now.tv_nsec - identity.changed.tv_nsec);
    scan->settled = age > (identity.changed.tv_nsec == 0 ? coarse_tick : tick);
    return scan;
}

void Gate::note_written(const Identity &identity) {
    constexpr std::size_t most_written = 20000;
    const auto now = Clock::now();
    if (written_.size() >= most_written) {
        const auto oldest = now - options_.config.file_timeout();
        std::erase_if(written_, [oldest](const auto &each) { return each.second < oldest; });
        if (written_.size() >= most_written) {
            written_.clear();
            written_unknown_ = now;
        }
    }
    written_[{identity.device, identity.inode}] = now;
    // By the old content; nor need its times tell that it is old.
    infected_.erase(infected_.lower_bound({identity.device, identity.inode, 0, {}, {}}),
                    infected_.lower_bound({identity.device, identity.inode + 1, 0, {}, {}}));
}

bool Gate::written_since(const Identity &identity, Clock::time_point when) const {
    const auto found = written_.find({identity.device, identity.inode});
    return when <= written_unknown_ || (found != written_.end() && found->second >= when);
}

/// Stores through a mapping raise no event, but the end of the writer does: also where that is one
/// of us, whom somebody has sent his descriptor.
void Gate::close_written(FileEvent event, const Identity &identity, const struct statx &st) {
    statistics_.count(Count::written);
    group_.forget(event.fd.get());
    note_written(identity);
    if (!options_.config.scan_close_write || is_deleted(st) || is_ours(event.pid))
        return;
    auto path = path_of_event(event.fd.get());
    if (territory_.place_of(path, st.stx_mnt_id, st.stx_nlink) == Place::inside &&
        st.stx_size <= options_.config.access_file_limit())
        earn(std::move(event.fd), identity, st, std::move(path), true);
}

/// A scan that nobody waits for, so that the file gets its mark.
void Gate::earn(Fd fd, const Identity &identity, const struct statx &st, std::string path,
                bool shown) {
    if (st.stx_size > options_.config.access_file_limit())
        return;
    // What has just been written is reported even if much is; what is outside may be asked for
    // again.
    const auto most = shown ? capacity_ / 2 : std::min(most_background, capacity_ / 4);
    const bool waits = std::ranges::any_of(
        background_, [&identity](const auto &scan) { return scan->identity == identity; });
    if (background_.size() >= most || room() <= 1 || waits)
        return;
    auto scan = new_scan(identity, st, std::move(path));
    scan->background = true;
    scan->shown = shown;
    if (!shown && (!scan->remembers || !scan->settled || !nobody_writes(fd.get())))
        return; // it could not earn one
    scan->fd = std::move(fd);
    ++held_;
    background_.push_back(std::move(scan));
}

bool Gate::join(const Identity &identity, Waiter &waiter) {
    for (auto *queue : {&small_, &large_})
        for (auto &scan : *queue)
            if (scan->identity == identity && !scan->waiters.empty()) {
                scan->waiters.push_back(std::move(waiter));
                return true;
            }
    return false;
}

void Gate::decide(FileEvent event, const Identity &identity, const struct statx &st) {
    uid_t uid = 0;
    if (!excluded_users_.empty() && is_excluded(event, uid))
        return allow(event, Count::user);
    auto path = path_of_event(event.fd.get());
    auto place = territory_.place_of(path, st.stx_mnt_id, st.stx_nlink);
    if (place == Place::outside && !event.asks && territory_.is_reported_mount(st.stx_mnt_id))
        place = Place::inside;
    if (place == Place::excluded)
        return allow(event, Count::excluded);
    if (place == Place::outside) {
        allow(event, Count::outside);
        earn(std::move(event.fd), identity, st, std::move(path), false);
        return;
    }
    if (st.stx_size > options_.config.access_file_limit())
        return allow(event, Count::too_large);
    Waiter waiter{std::move(event.fd), event.pid, uid, event.asks, event.since};
    if (const auto known = infected_.find(identity); known != infected_.end()) {
        statistics_.count(Count::cached);
        auto scan = new_scan(identity, st, std::move(path));
        Report report;
        report.verdict = Verdict::infected;
        report.detections.push_back({known->second, ""});
        scan->shown = true;
        scan->waiters.push_back(std::move(waiter));
        ++held_;
        return finish(std::move(scan), report, true);
    }
    ++held_;
    next_deadline_ =
        std::min(next_deadline_, waiter.since + std::chrono::seconds(options_.config.deadline));
    if (join(identity, waiter)) {
        statistics_.count(Count::joined);
        return;
    }
    auto scan = new_scan(identity, st, std::move(path));
    scan->shown = true;
    scan->waiters.push_back(std::move(waiter));
    enqueue(std::move(scan));
}

} // namespace hostav
