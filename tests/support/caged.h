// SPDX-License-Identifier: GPL-2.0-only
//
// Children that enter the cage and tell what they met there, for the tests of the cage.
#pragma once

#include "base/fd.h"
#include "engine/cage.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <grp.h>
#include <iostream>
#include <iterator>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hostav::caged {

enum class CageKind { root, user };

inline constexpr uid_t ordinary_user = 65534;

inline void skip(const std::string &reason) {
    std::cerr << "SKIP: " << reason << "\n";
}

/// Root that can become somebody else, which root of a rootless container cannot.
inline bool privileged() {
    uid_t uid = 0;
    gid_t gid = 0;
    return geteuid() == 0 && cage_account(uid, gid) && uid != 0;
}

inline bool can_cage(CageKind kind) {
    if (kind == CageKind::root && !privileged()) {
        skip("only root's worker changes its user and its root");
        return false;
    }
    return true;
}

/// Whom a worker runs as, whatever its kind, and who owns its files.
inline uid_t owner_of(CageKind /*kind*/) {
    return privileged() ? ordinary_user : geteuid();
}

inline void become_ordinary_user() {
    if (!privileged())
        return;
    if (setresgid(ordinary_user, ordinary_user, ordinary_user) != 0 ||
        setresuid(ordinary_user, ordinary_user, ordinary_user) != 0)
        _exit(90);
}

/// A private directory, gone with its owner.
class Scratch {
  public:
    explicit Scratch(uid_t owner) {
        path_ = (std::filesystem::temp_directory_path() / "hostav-test-XXXXXX").string();
        if (mkdtemp(path_.data()) == nullptr || chown(path_.c_str(), owner, static_cast<gid_t>(-1)))
            std::abort();
    }
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    std::string path_;
};

inline void write_file(const std::string &path, const std::string &content, uid_t owner) {
    std::ofstream(path, std::ios::binary) << content;
    if (chmod(path.c_str(), 0600) != 0 || chown(path.c_str(), owner, static_cast<gid_t>(-1)) != 0)
        std::abort();
}

inline std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string proc_path(pid_t pid, const std::string &name) {
    return "/proc/" + std::to_string(pid) + "/" + name;
}

inline std::string errno_name(int error) {
    return strerrorname_np(error);
}

/// Waits to be killed; not for ever, should that fail.
[[noreturn]] inline void wait_for_death() {
    poll(nullptr, 0, 30'000);
    _exit(92);
}

/// How a child ended, and what it wrote before.
struct Ended {
    int status = 0;
    std::string said;
    [[nodiscard]] bool exited() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
    [[nodiscard]] int signal() const { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
};

/// Forks a child that says what `body` returns. `meanwhile` runs in the parent when that is said
/// and the child still lives.
inline Ended in_child(const std::function<std::string()> &body,
                      const std::function<void(pid_t)> &meanwhile = {}) {
    std::array<int, 2> answer{};
    std::array<int, 2> go{};
    if (pipe2(answer.data(), O_CLOEXEC) != 0 || pipe2(go.data(), O_CLOEXEC) != 0)
        std::abort();
    const Fd reading(answer[0]);
    Fd writing(answer[1]);
    const Fd waiting(go[0]);
    Fd going(go[1]);
    const pid_t pid = fork();
    if (pid == 0) {
        // Catch2's handlers would report the child's death as a failed test.
        for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGTERM})
            static_cast<void>(signal(number, SIG_DFL));
        going.reset();
        const std::string text = body();
        const auto written = write(writing.get(), text.data(), text.size());
        writing.reset();
        char nothing = 0;
        const auto ended = read(waiting.get(), &nothing, 1);
        _exit(written == static_cast<ssize_t>(text.size()) && ended == 0 ? 0 : 91);
    }
    writing.reset();
    Ended child;
    std::array<char, 65536> buffer{};
    ssize_t size = 0;
    while ((size = read(reading.get(), buffer.data(), buffer.size())) > 0)
        child.said.append(buffer.data(), static_cast<std::size_t>(size));
    if (meanwhile)
        meanwhile(pid);
    going.reset();
    waitpid(pid, &child.status, 0);
    return child;
}

/// Enters the cage as a worker of this kind does.
inline Result<CageState> cage_now(CageKind kind, const Scratch &temp, CageOptions options) {
    const Fd directory(open(temp.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    options.temp_dir = directory.get();
    options.temp_path = temp.path();
    options.change_user = kind == CageKind::root;
    options.uid = ordinary_user;
    options.gid = ordinary_user;
    const gid_t extra_group = 4;
    if (kind == CageKind::root && setgroups(1, &extra_group) != 0)
        _exit(93);
    if (kind == CageKind::user)
        become_ordinary_user();
    prepare_for_cage();
    return enter_cage(options);
}

/// As in_child(), inside the cage.
inline Ended in_cage(CageKind kind, const Scratch &temp, const CageOptions &options,
                     const std::function<std::string(const CageState &)> &body,
                     const std::function<void(pid_t)> &meanwhile = {}) {
    return in_child(
        [&] {
            const auto state = cage_now(kind, temp, options);
            return state ? body(*state) : "no cage: " + state.error().text();
        },
        meanwhile);
}

} // namespace hostav::caged
