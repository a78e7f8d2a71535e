// SPDX-License-Identifier: GPL-2.0-only
#include "update/places.h"

#include "base/account.h"
#include "base/directory_reader.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/installed_set.h"

#include <array>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace hostav {

namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t directory_mode = 0755;

Result<Fd> make_directory(int parent, const std::string &name, const std::string &path) {
    if (::mkdirat(parent, name.c_str(), directory_mode) != 0 && errno != EEXIST)
        return fail_errno(escape_path(path));
    Fd fd(::openat(parent, name.c_str(), directory_flags | O_NOFOLLOW));
    if (!fd)
        return fail_errno(escape_path(path));
    return fd;
}

Result<dev_t> device_of(int fd, const std::string &path) {
    struct stat st = {};
    if (::fstat(fd, &st) != 0)
        return fail_errno(escape_path(path));
    return st.st_dev;
}

std::string number_in(int fd) {
    std::array<char, 32> text{};
    const auto size = ::pread(fd, text.data(), text.size() - 1, 0);
    const std::string_view all(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return std::string(all.substr(0, all.find('\n')));
}

} // namespace

Result<Places> Places::open(const std::string &database_directory,
                            const std::optional<std::string> &state_directory) {
    Places places;
    places.database_.reset(::open(database_directory.c_str(), directory_flags));
    if (!places.database_)
        return fail_errno(escape_path(database_directory));
    const std::unique_ptr<char, void (*)(void *)> real(
        ::realpath(database_directory.c_str(), nullptr), std::free);
    places.database_path_ = real ? real.get() : database_directory;
    if (::faccessat(places.database_.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail(escape_path(database_directory), "is not writable for user " +
                                                         std::to_string(::geteuid()) + ", group " +
                                                         std::to_string(::getegid()));
    places.control_path_ = places.database_path_ + "/" + control_directory;
    auto control = make_directory(places.database_.get(), control_directory, places.control_path_);
    if (!control)
        return std::unexpected(control.error());
    places.control_ = std::move(*control);
    places.state_path_ = state_directory.value_or(places.control_path_);
    auto state = make_directory(AT_FDCWD, places.state_path_, places.state_path_);
    if (!state)
        return std::unexpected(state.error());
    places.state_ = std::move(*state);
    const auto here = device_of(places.database_.get(), places.database_path_);
    const auto there = device_of(places.state_.get(), places.state_path_);
    if (!here || !there)
        return std::unexpected(here ? there.error() : here.error());
    if (*here != *there)
        return fail(escape_path(places.state_path_),
                    "is on another file system than the databases");
    if (const std::unique_ptr<char, void (*)(void *)> path(
            ::realpath(places.state_path_.c_str(), nullptr), std::free);
        path)
        places.state_path_ = path.get();
    return places;
}

Result<Fd> Places::make_empty(const std::string &name) const {
    auto fd = make_directory(state_.get(), name, state_path_ + "/" + name);
    if (!fd)
        return fd;
    {
        const AsRoot root; // a proof's cage is another account, and may have been killed
        remove_contents(fd->get());
    }
    if (DirectoryReader reader(fd->get()); reader.next())
        return fail(escape_path(state_path_ + "/" + name), "cannot be emptied");
    ::lseek(fd->get(), 0, SEEK_SET);
    return fd;
}

Result<std::optional<Lock>> Lock::take(int directory, const std::string &name, pid_t &holder) {
    constexpr mode_t readable = 0644;
    holder = 0;
    Fd fd(::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, readable));
    if (!fd)
        return fail_errno(escape_path(name));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail_errno(escape_path(name));
        holder = static_cast<pid_t>(parse_number(number_in(fd.get())).value_or(0));
        return std::nullopt;
    }
    // For people, and for the message of the one who comes second. A full disk is no reason to
    // stop.
    static_cast<void>(::ftruncate(fd.get(), 0) == 0 &&
                      write_all(fd.get(), std::to_string(::getpid()) + "\n", name).has_value());
    return Lock(std::move(fd));
}

Result<Lock> Lock::wait_for(int directory, const std::string &name, unsigned seconds) {
    constexpr auto pause = std::chrono::milliseconds(50);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (true) {
        pid_t holder = 0;
        auto lock = take(directory, name, holder);
        if (!lock)
            return std::unexpected(lock.error());
        if (*lock)
            return std::move(**lock);
        if (std::chrono::steady_clock::now() >= end)
            return fail(escape_path(name), "is held by process " + std::to_string(holder));
        std::this_thread::sleep_for(pause);
    }
}

pid_t find_freshclam(const std::string &database_directory) {
    const Fd proc(::open("/proc", directory_flags));
    if (!proc)
        return 0;
    DirectoryReader reader(proc.get());
    while (const auto entry = reader.next()) {
        const auto pid = parse_number(entry->name);
        if (!pid)
            continue;
        const Fd comm(::openat(proc.get(), (entry->name + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
        if (!comm || number_in(comm.get()) != "freshclam")
            continue;
        std::array<char, PATH_MAX> cwd{};
        const auto size =
            ::readlinkat(proc.get(), (entry->name + "/cwd").c_str(), cwd.data(), cwd.size() - 1);
        if (size > 0 && database_directory == cwd.data())
            return static_cast<pid_t>(*pid);
    }
    return 0;
}

} // namespace hostav
