// SPDX-License-Identifier: GPL-2.0-only
//
// The walls of the cage, tried from inside by forked children: as root's worker and as an ordinary
// user's. The children report by a pipe or by how they die; the assertions are the parent's.
#include "base/fd.h"
#include "engine/cage.h"
#include "engine/cage_parts.h"
#include "tests/support/caged.h"
#include "tests/support/catch.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace hostav;
using namespace hostav::caged;

namespace {

/// `ok`, or why `path` cannot be opened for reading.
std::string try_open(const std::string &path, int flags = O_RDONLY) {
    const Fd fd(open(path.c_str(), flags | O_CLOEXEC, 0600));
    return fd ? "ok" : errno_name(errno);
}

std::string outcome(bool success) {
    return success ? "ok" : errno_name(errno);
}

} // namespace

TEST_CASE("a caged worker opens no file of the host") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch home(owner_of(kind));
    const Scratch temp(owner_of(kind));
    const std::string key = home.path() + "/.ssh_id";
    write_file(key, "secret\n", owner_of(kind));
    const std::string up = "../../../../../../..";
    std::vector<std::string> paths = {key,
                                      up + key,
                                      "/proc/self/root" + key,
                                      "/etc/passwd",
                                      up + "/etc/passwd",
                                      "/dev/null",
                                      "/",
                                      "..",
                                      "/..",
                                      temp.path() + "/.."};
    if (kind == CageKind::root)
        paths.emplace_back("/etc/shadow");

    bool landlocked = false;
    const Ended child = in_cage(kind, temp, {}, [&](const CageState &state) {
        std::string said = state.landlocked ? "L" : "-";
        for (const auto &path : paths)
            said += " " + try_open(path) + " " + try_open(path, O_WRONLY | O_CREAT | O_TRUNC);
        return said;
    });
    REQUIRE(child.exited());
    landlocked = child.said.starts_with("L");
    if (!landlocked && kind == CageKind::user) {
        skip("the kernel has no Landlock and no user namespaces for ordinary users");
        return;
    }
    INFO(child.said);
    std::istringstream words(child.said.substr(1));
    for (const auto &path : paths) {
        std::string reading;
        std::string writing;
        words >> reading >> writing;
        INFO(path << ": " << reading << ", " << writing);
        // In the chroot `/` and `..` are the temporary directory itself.
        const bool own_root = kind == CageKind::root && (path == "/" || path.ends_with(".."));
        if (!own_root)
            CHECK((reading == "EACCES" || reading == "ENOENT"));
        CHECK((writing == "EACCES" || writing == "ENOENT" || writing == "EISDIR"));
    }
    std::ifstream file(key);
    std::string content;
    std::getline(file, content);
    CHECK(content == "secret");
}

TEST_CASE("an ordinary user's key is out of reach behind Landlock, and in reach without") {
    if (!can_cage(CageKind::user))
        return;
    const Scratch home(owner_of(CageKind::user));
    const Scratch temp(owner_of(CageKind::user));
    const std::string key = home.path() + "/id_ed25519";
    write_file(key, "secret\n", owner_of(CageKind::user));
    const Ended before = in_child([&] {
        become_ordinary_user();
        return try_open(key);
    });
    REQUIRE(before.said == "ok");
    const Ended inside = in_cage(CageKind::user, temp, {}, [&](const CageState &state) {
        return (state.landlocked ? "" : "no Landlock ") + try_open(key) + " " +
               try_open(key, O_RDONLY | O_TRUNC) + " " + outcome(truncate(key.c_str(), 0) == 0) +
               " " + outcome(chmod(key.c_str(), 0644) == 0) + " " +
               outcome(unlink(key.c_str()) == 0) + " " + outcome(symlink("a", "b") == 0);
    });
    if (inside.said.starts_with("no Landlock")) {
        skip("the kernel has no Landlock");
        return;
    }
    CHECK(inside.said == "EACCES EPERM EPERM EPERM EACCES EPERM");
}

TEST_CASE("temporary files work inside the cage") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch temp(owner_of(kind));
    const Ended child = in_cage(kind, temp, {}, [&](const CageState &state) -> std::string {
        if (kind == CageKind::root && (!state.chrooted || state.temp_path != "/"))
            return "not in the chroot";
        const std::string directory = state.temp_path + "/scan";
        const std::string first = directory + "/a";
        const std::string second = directory + "/b";
        const std::string third = state.temp_path + "/c";
        if (mkdir(directory.c_str(), 0700) != 0)
            return "mkdir " + errno_name(errno);
        const Fd fd(open(first.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_EXCL, 0600));
        std::array<char, 4> back{};
        if (!fd || write(fd.get(), "text", 4) != 4 || pread(fd.get(), back.data(), 4, 0) != 4 ||
            std::string(back.data(), 4) != "text" || ftruncate(fd.get(), 2) != 0)
            return "file " + errno_name(errno);
        if (rename(first.c_str(), second.c_str()) != 0)
            return "rename " + errno_name(errno);
        if (rename(second.c_str(), third.c_str()) != 0)
            return "rename to another directory " + errno_name(errno);
        if (chmod(third.c_str(), 0400) != 0 || try_open(third) != "ok")
            return "chmod " + errno_name(errno);
        if (unlink(third.c_str()) != 0)
            return "unlink " + errno_name(errno);
        if (rmdir(directory.c_str()) != 0)
            return "rmdir " + errno_name(errno);
        return "done";
    });
    CHECK(child.said == "done");
}

TEST_CASE("a passed descriptor is read although its path could not be opened") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch home(owner_of(kind));
    const Scratch temp(owner_of(kind));
    write_file(home.path() + "/file", "content", getuid());
    const Fd file(open((home.path() + "/file").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    const Ended child = in_cage(kind, temp, {}, [&](const CageState &) -> std::string {
        std::array<char, 7> text{};
        void *map = mmap(nullptr, 7, PROT_READ, MAP_PRIVATE, file.get(), 0);
        if (map == MAP_FAILED || pread(file.get(), text.data(), text.size(), 0) != 7)
            return errno_name(errno);
        return std::string(text.data(), 7) + " " + std::string(static_cast<char *>(map), 7);
    });
    CHECK(child.said == "content content");
}

TEST_CASE("what only an intruder would try kills the worker") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    struct Attempt {
        const char *name;
        void (*act)();
    };
    const auto attempt = GENERATE(values<Attempt>({
        {"execve", [] { execl("/bin/true", "true", nullptr); }},
        {"socket", [] { socket(AF_INET, SOCK_STREAM, 0); }},
        {"unix socket", [] { socket(AF_UNIX, SOCK_STREAM, 0); }},
        {"connect", [] { connect(0, nullptr, 0); }},
        {"fork", [] { fork(); }},
        {"ptrace", [] { ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
        {"mount", [] { mount("none", "/", "tmpfs", 0, nullptr); }},
        {"unshare", [] { unshare(CLONE_NEWUSER); }},
        {"chroot", [] { static_cast<void>(!chroot("/")); }},
    }));
    INFO(attempt.name);
    const Scratch temp(owner_of(kind));
    const Ended child = in_cage(kind, temp, {}, [&](const CageState &) -> std::string {
        attempt.act();
        return "survived";
    });
    CHECK(child.signal() == SIGSYS);
}

TEST_CASE("other forbidden calls answer EPERM") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch temp(owner_of(kind));
    const Ended child = in_cage(kind, temp, {}, [](const CageState &) {
        const rlimit more = {.rlim_cur = 0, .rlim_max = 0};
        const Fd file(open("f", O_RDWR | O_CREAT, 0600));
        void *code = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        std::string said = outcome(code != MAP_FAILED);
        said += " " + outcome(kill(getppid(), 0) == 0);
        said += " " + outcome(setrlimit(RLIMIT_CORE, &more) == 0);
        said += " " + outcome(fchmod(file.get(), 0666) == 0);
        said += " " + outcome(fcntl(file.get(), F_SETOWN, getppid()) == 0);
        said += " " + outcome(link("f", "g") == 0);
        said += " " + outcome(setresuid(0, 0, 0) == 0);
        return said;
    });
    CHECK(child.said == "EPERM EPERM EPERM EPERM EPERM EPERM EPERM");
}

TEST_CASE("abort still ends the worker as SIGABRT") {
    if (!can_cage(CageKind::user))
        return;
    const Scratch temp(owner_of(CageKind::user));
    const Ended child =
        in_cage(CageKind::user, temp, {}, [](const CageState &) -> std::string { std::abort(); });
    CHECK(child.signal() == SIGABRT);
}

TEST_CASE("a worker has no capabilities, no groups and another user") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch temp(owner_of(kind));
    std::string status;
    const Ended child = in_cage(
        kind, temp, {}, [](const CageState &) { return "in"; },
        [&](pid_t pid) { status = read_file(proc_path(pid, "status")); });
    REQUIRE(child.said == "in");
    INFO(status);
    const std::string owner = std::to_string(owner_of(kind));
    CHECK(status.contains("\nUid:\t" + owner + "\t" + owner + "\t" + owner + "\t" + owner + "\n"));
    CHECK(status.contains("\nCapPrm:\t0000000000000000\n"));
    CHECK(status.contains("\nCapEff:\t0000000000000000\n"));
    CHECK(status.contains("\nCapInh:\t0000000000000000\n"));
    CHECK(status.contains("\nNoNewPrivs:\t1\n"));
    CHECK(status.contains("\nSeccomp:\t2\n"));
    if (kind == CageKind::root) {
        CHECK(status.contains("\nCapBnd:\t0000000000000000\n"));
        CHECK(status.contains("\nGroups:\t \n"));
    }
}

TEST_CASE("a temporary file beyond its limit is EFBIG, not a death") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch temp(owner_of(kind));
    CageOptions options;
    options.file_size = 1U << 20;
    const Ended child = in_cage(kind, temp, options, [](const CageState &) -> std::string {
        const Fd file(open("f", O_RDWR | O_CREAT, 0600));
        const std::string block(1U << 20, 'x');
        if (write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()))
            return "early " + errno_name(errno);
        return outcome(write(file.get(), "x", 1) == 1);
    });
    CHECK(child.said == "EFBIG");
}

TEST_CASE("memory beyond the limit is ENOMEM") {
#ifdef __SANITIZE_ADDRESS__
    skip("the address sanitizer's shadow leaves no room for RLIMIT_AS");
#else
    if (!can_cage(CageKind::user))
        return;
    const Scratch temp(owner_of(CageKind::user));
    CageOptions options;
    options.extra_memory = 64U << 20;
    const Ended child = in_cage(CageKind::user, temp, options, [](const CageState &) {
        const auto map = [](std::size_t size) {
            return outcome(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                -1, 0) != MAP_FAILED);
        };
        // Far beyond it: what the test program before this gives back to the system meanwhile is
        // room, too. (In this order.)
        const auto within = map(32U << 20);
        return within + " " + map(512U << 20);
    });
    CHECK(child.said == "ok ENOMEM");
#endif
}

TEST_CASE("a worker still dies with its parent after the user has changed") {
    const CageKind kind = GENERATE(CageKind::root, CageKind::user);
    if (!can_cage(kind))
        return;
    const Scratch temp(owner_of(kind));
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t parent = fork();
    if (parent == 0) {
        if (kind == CageKind::user)
            become_ordinary_user();
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            const auto state = cage_now(kind, temp, {});
            static_cast<void>(!write(writing.get(), state ? "c" : "f", 1));
            wait_for_death();
        }
        wait_for_death();
    }
    writing.reset();
    char said = 0;
    REQUIRE(read(reading.get(), &said, 1) == 1);
    CHECK(said == 'c');
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    // The pipe ends only when the worker, its last writer, is gone.
    pollfd end = {.fd = reading.get(), .events = POLLIN, .revents = 0};
    REQUIRE(poll(&end, 1, 10'000) == 1);
    CHECK(read(reading.get(), &said, 1) == 0);
}

TEST_CASE("where Landlock is missing a user namespace has room for a chroot") {
    if (!can_cage(CageKind::user))
        return;
    const Scratch temp(owner_of(CageKind::user));
    const Ended child = in_child([&]() -> std::string {
        become_ordinary_user();
        if (chdir(temp.path().c_str()) != 0 || !chroot_in_user_namespace())
            return "impossible";
        return try_open("/etc/passwd") + " " + try_open("/mine", O_WRONLY | O_CREAT);
    });
    if (child.said == "impossible") {
        skip("ordinary users get no user namespace here");
        return;
    }
    CHECK(child.said == "ENOENT ok");
}

TEST_CASE("the account of root's workers is not root") {
    if (!can_cage(CageKind::root))
        return;
    uid_t uid = 0;
    gid_t gid = 0;
    REQUIRE(cage_account(uid, gid));
    CHECK(uid != 0);
    CHECK(gid != 0);
}
