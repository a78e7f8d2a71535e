// SPDX-License-Identifier: GPL-2.0-only
//
// Infected files as the scan hands them to its actions, for the tests of those: still open, with
// the directory they were found in or, reached through a link, without it.
#pragma once

#include "base/fd.h"
#include "store/actions.h"
#include "tests/support/tree.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace infected {

inline constexpr uid_t ordinary_user = 65534;

/// An infected file with the descriptor it is open by.
struct Open {
    hostav::Fd fd;
    hostav::InfectedFile file;
};

inline Open by_link(const std::string &shown, const std::string &real) {
    Open open{hostav::Fd(::open(shown.c_str(), O_RDONLY | O_CLOEXEC)), {}};
    tree::must(static_cast<bool>(open.fd), shown);
    open.file.shown_path = shown;
    open.file.real_path = real;
    open.file.fd = open.fd.get();
    open.file.signatures = {"Eicar-Test-Signature", "Other.UNOFFICIAL"};
    tree::must(::fstat(open.fd.get(), &open.file.st) == 0, shown);
    return open;
}

inline Open in_directory(const std::string &directory, const std::string &name) {
    Open open = by_link(directory + "/" + name, directory + "/" + name);
    open.file.directory = std::make_shared<const hostav::Fd>(
        ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    open.file.name = name;
    return open;
}

inline hostav::ActionResult act(hostav::Action action, const std::string &directory,
                                const Open &open) {
    auto actions = hostav::Actions::prepare(action, directory);
    return actions ? actions->apply(open.file)
                   : hostav::ActionResult{false, "prepare: " + actions.error().text()};
}

inline std::string read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline struct stat status(const std::string &path) {
    struct stat st = {};
    tree::must(::lstat(path.c_str(), &st) == 0, path);
    return st;
}

inline bool exists(const std::string &path) {
    struct stat st = {};
    return ::lstat(path.c_str(), &st) == 0;
}

/// The sorted names in a directory.
inline tree::Lines names(const std::string &directory) {
    tree::Lines lines;
    for (const auto &entry : std::filesystem::directory_iterator(directory))
        lines.push_back(entry.path().filename().string());
    return tree::sorted(lines);
}

inline constexpr struct timespec old_access = {1500000000, 1};
inline constexpr struct timespec old_change = {1577934245, 123456789};

inline void age(const std::string &path) {
    const struct timespec times[2] = {old_access, old_change};
    tree::must(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0, path);
}

/// The value of security.capability that `setcap cap_net_raw+ep` writes.
inline const std::string cap_net_raw("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);

inline bool set_xattr(const std::string &path, const char *name, const std::string &value) {
    return ::setxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

inline std::string xattr(const std::string &path, const char *name) {
    char value[256];
    const ssize_t size = ::getxattr(path.c_str(), name, value, sizeof value);
    return size < 0 ? std::string("none") : std::string(value, static_cast<std::size_t>(size));
}

/// In a forked child only: the ordinary user, if we are root.
inline void become_ordinary() {
    if (::geteuid() == 0)
        tree::must(::setresgid(ordinary_user, ordinary_user, ordinary_user) == 0 &&
                       ::setresuid(ordinary_user, ordinary_user, ordinary_user) == 0,
                   "setresuid");
}

inline bool not_root(const char *what) {
    return ::geteuid() != 0 && tree::skipped((std::string(what) + ": needs root").c_str());
}

} // namespace infected
