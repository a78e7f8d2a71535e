// SPDX-License-Identifier: GPL-2.0-only
//
// Real trees for the tests of the walk: a scratch directory, things to put into it, the walk's
// entries as text, and a forked child for what a test process must not do to itself.
#pragma once

#include "base/walk.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tree {

using Lines = std::vector<std::string>;

class Scratch {
  public:
    Scratch() {
        char name[] = "/tmp/hostav-walk.XXXXXX";
        if (::mkdtemp(name) == nullptr || ::chmod(name, 0755) != 0)
            std::abort();
        path_ = name;
    }
    ~Scratch() { std::filesystem::remove_all(path_); }
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    [[nodiscard]] std::string operator/(const std::string &name) const {
        return path_ + "/" + name;
    }
    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    std::string path_;
};

/// Test set-up that fails is no test result.
inline void must(bool done, const std::string &what) {
    if (done)
        return;
    std::perror(what.c_str());
    std::abort();
}

inline void directory(const std::string &path) {
    must(::mkdir(path.c_str(), 0755) == 0, path);
}
inline void link(const std::string &target, const std::string &path) {
    must(::symlink(target.c_str(), path.c_str()) == 0, path);
}
inline void fifo(const std::string &path) {
    must(::mkfifo(path.c_str(), 0666) == 0, path);
}
inline void mode(const std::string &path, mode_t bits) {
    must(::chmod(path.c_str(), bits) == 0, path);
}
inline void write_at(int dirfd, const std::string &path, const std::string &content) {
    const hostav::Fd fd(::openat(dirfd, path.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644));
    must(fd && ::write(fd.get(), content.data(), content.size()) ==
                   static_cast<ssize_t>(content.size()),
         path);
}
inline void file(const std::string &path, const std::string &content = "content") {
    write_at(AT_FDCWD, path, content);
}

/// `levels` directories named `name` below `path`, each in the last, and a file `f` in the lowest.
/// Returns the path from `path` to the lowest directory, which may be longer than PATH_MAX.
inline std::string deep(const std::string &path, const std::string &name, int levels) {
    hostav::Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY));
    std::string below;
    for (int i = 0; i < levels; ++i) {
        must(::mkdirat(fd.get(), name.c_str(), 0755) == 0, name);
        fd.reset(::openat(fd.get(), name.c_str(), O_PATH | O_DIRECTORY));
        below += (below.empty() ? "" : "/") + name;
    }
    write_at(fd.get(), "f", "deep");
    return below;
}

inline std::string content(const hostav::Entry &entry) {
    char buffer[100];
    const ssize_t got = ::pread(entry.fd.get(), buffer, sizeof buffer, 0);
    return got < 0 ? std::string("unreadable") : std::string(buffer, static_cast<std::size_t>(got));
}

/// `kind path`, with the error's name and the detail where there is one.
inline std::string text(const hostav::Entry &entry) {
    static const char *const kinds[] = {"file",          "empty",       "directory",
                                        "excluded",      "pseudo",      "symlink",
                                        "access_denied", "cannot_open", "cannot_open_directory",
                                        "cannot_access", "unsupported"};
    std::string line = kinds[static_cast<int>(entry.kind)] + (" " + entry.path);
    if (entry.error != 0)
        line += std::string(" ") + ::strerrorname_np(entry.error);
    if (!entry.detail.empty())
        line += " " + entry.detail;
    return line;
}

inline Lines walk(const hostav::WalkOptions &options, const Lines &arguments) {
    Lines lines;
    hostav::Walk walk(options);
    for (const std::string &argument : arguments) {
        walk.start(argument);
        while (auto entry = walk.next())
            lines.push_back(text(*entry));
    }
    return lines;
}

inline Lines sorted(Lines lines) {
    std::ranges::sort(lines);
    return lines;
}

inline Lines split(const std::string &text) {
    Lines lines;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = text.find('\n', from);
        lines.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return lines;
}

/// The lines that `work` returns in a forked child; `child died` when it did not come that far.
inline Lines in_child(const std::function<Lines()> &work) {
    int ends[2];
    must(::pipe(ends) == 0, "pipe");
    std::fflush(nullptr);
    const pid_t child = ::fork();
    must(child >= 0, "fork");
    if (child == 0) {
        std::string all;
        for (const std::string &line : work())
            all += line + "\n";
        const char *from = all.data();
        const char *const end = from + all.size();
        while (from < end) {
            const ssize_t put = ::write(ends[1], from, static_cast<std::size_t>(end - from));
            if (put < 0)
                ::_exit(1);
            from += put;
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        all.append(buffer, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return status == 0 ? split(all) : Lines{"child died"};
}

inline bool skipped(const char *reason) {
    std::fprintf(stderr, "SKIP: %s\n", reason);
    return true;
}

/// True, and the SKIP line is out, when this machine gives a child no mount namespace of its own.
inline bool no_mount_namespace() {
    const Lines answer = in_child([] {
        return Lines{::unshare(CLONE_NEWNS) == 0 &&
                             ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
                         ? "yes"
                         : "no"};
    });
    return answer != Lines{"yes"} && skipped("walk: mounting needs root and CAP_SYS_ADMIN");
}

inline void own_mounts() {
    must(::unshare(CLONE_NEWNS) == 0, "unshare");
    must(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount");
}
inline void mount(const char *type, const std::string &on) {
    must(::mount("none", on.c_str(), type, 0, nullptr) == 0, on);
}
inline void bind(const std::string &what, const std::string &on) {
    must(::mount(what.c_str(), on.c_str(), nullptr, MS_BIND, nullptr) == 0, on);
}

} // namespace tree
