// SPDX-License-Identifier: GPL-2.0-only
//
// Temporary files and whole writes, emptied directories, the page cache, what mountinfo says, and
// configuration files as ClamAV writes them.
#include "base/files.h"
#include "base/mounts.h"
#include "conf/clam_conf.h"

#include "tests/support/catch.h"
#include "tests/support/infected.h"
#include "tests/support/tree.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace hostav;
using infected::exists;
using infected::names;

namespace {

std::string why(const Result<void> &result) {
    return result ? "written" : result.error().text();
}

std::vector<bool> twice(const std::string &mountinfo, const std::vector<dev_t> &devices) {
    const tree::Scratch scratch;
    tree::file(scratch / "mountinfo", mountinfo);
    const auto mounts = Mounts::read(scratch / "mountinfo");
    std::vector<bool> answers;
    answers.reserve(devices.size());
    for (const auto device : devices)
        answers.push_back(mounts.mounted_twice(device));
    return answers;
}

using Conf = std::vector<ConfLine>;

Conf conf(const std::string &text) {
    const tree::Scratch scratch;
    tree::file(scratch / "conf", text);
    auto lines = read_clam_conf(scratch / "conf");
    REQUIRE(lines);
    return *lines;
}

/// `line option=value`, as one text.
tree::Lines shown(const Conf &lines) {
    tree::Lines all;
    for (const auto &line : lines)
        all.push_back(std::to_string(line.line) + " " + line.option + "=" + line.value);
    return all;
}

/// Whether a page of the file is in memory, by another way than the code under test.
bool resident(int fd, std::uint64_t size, std::uint64_t at) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    void *bytes = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    tree::must(bytes != MAP_FAILED, "mmap");
    unsigned char answer = 0;
    tree::must(::mincore(static_cast<char *>(bytes) + at / page * page, 1, &answer) == 0,
               "mincore");
    ::munmap(bytes, size);
    return (answer & 1) != 0;
}

} // namespace

TEST_CASE("files: an unnamed file can be written and read and has no name") {
    const tree::Scratch scratch;
    const auto fd = unnamed_file(scratch.path());
    REQUIRE(fd);
    CHECK(names(scratch.path()).empty());
    REQUIRE(write_all(fd->get(), "content", "f"));
    std::array<char, 16> buffer{};
    CHECK(::pread(fd->get(), buffer.data(), buffer.size(), 0) == 7);
    CHECK(std::string(buffer.data()) == "content");
    struct stat st = {};
    REQUIRE(::fstat(fd->get(), &st) == 0);
    CHECK(st.st_nlink == 0);
    CHECK((st.st_mode & 07777) == 0600);
    CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("files: an unnamed file needs its directory, and the error names it escaped") {
    const tree::Scratch scratch;
    const auto fd = unnamed_file(scratch / "missing\n");
    REQUIRE_FALSE(fd);
    CHECK(fd.error().what == scratch / "missing\\n");
    CHECK(fd.error().why == "No such file or directory");
}

TEST_CASE("files: all is written, in as many calls as it takes") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    std::string text(3'000'000, '\0'); // far more than a pipe holds
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>(i % 251);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        // Interrupted over and over, sometimes half-way.
        struct sigaction action = {};
        action.sa_handler = [](int) {};
        const itimerval often{{0, 1000}, {0, 1000}};
        if (::sigaction(SIGALRM, &action, nullptr) != 0 ||
            ::setitimer(ITIMER_REAL, &often, nullptr) != 0)
            ::_exit(2);
        const auto wrote = write_all(writing.get(), text, "pipe");
        ::_exit(wrote ? 0 : 1);
    }
    writing.reset();
    std::string got;
    std::array<char, 70'000> buffer{};
    for (ssize_t size = 0; (size = ::read(reading.get(), buffer.data(), buffer.size())) > 0;)
        got.append(buffer.data(), static_cast<std::size_t>(size));
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK((got == text)); // three megabytes are no message
}

TEST_CASE("files: what was written in part only is not said to be written") {
    const tree::Scratch scratch;
    const auto lines = tree::in_child([&scratch] {
        constexpr rlim_t most = 100'000; // the kernel writes that much and says so, then fails
        const rlimit limit{most, most};
        ::signal(SIGXFSZ, SIG_IGN);
        tree::must(::setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
        const Fd fd(::open((scratch / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        return tree::Lines{why(write_all(fd.get(), std::string(most + 50'000, 'x'), "f"))};
    });
    CHECK(lines == tree::Lines{"f: File too large"});
    CHECK(infected::status(scratch / "f").st_size == 100'000);
}

TEST_CASE("files: a write that fails says what and why") {
    const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full);
    CHECK(why(write_all(full.get(), "x", "log")) == "log: No space left on device");
    CHECK(why(write_all(full.get(), "", "log")) == "written");
    const Fd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(why(write_all(read_only.get(), "x", "f")) == "f: Bad file descriptor");
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_NONBLOCK) == 0);
    const Fd reading(ends[0]);
    const Fd writing(ends[1]);
    CHECK(why(write_all(writing.get(), std::string(3'000'000, 'x'), "pipe")) ==
          "pipe: Resource temporarily unavailable");
}

TEST_CASE("files: a directory is emptied, links are not followed, the directory stays") {
    const tree::Scratch scratch;
    const tree::Scratch outside;
    tree::file(outside / "victim");
    tree::directory(outside / "below");
    tree::file(outside / "below/victim");
    for (int i = 0; i < 2000; ++i)
        tree::file(scratch / ("f" + std::to_string(i)));
    tree::directory(scratch / "d");
    tree::deep(scratch / "d", "level", 200);
    tree::fifo(scratch / "d/fifo");
    tree::link(outside.path(), scratch / "to-directory");
    tree::link(outside / "below", scratch / "d/to-directory");
    tree::link(outside / "victim", scratch / "to-file");
    tree::link("nowhere", scratch / "dangling");
    tree::directory(scratch / "closed");
    tree::mode(scratch / "closed", 0);
    tree::file(scratch / "name\nwith \xff");
    const Fd fd(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    remove_contents(fd.get());
    CHECK(names(scratch.path()).empty());
    CHECK(names(outside.path()) == tree::Lines{"below", "victim"});
    CHECK(exists(outside / "below/victim"));
    remove_contents(fd.get()); // nothing to do
    remove_contents(-1);
    CHECK(exists(scratch.path()));
}

TEST_CASE("files: what cannot be removed is left, the rest goes") {
    if (tree::no_mount_namespace())
        return;
    const tree::Scratch scratch;
    tree::directory(scratch / "busy");
    tree::file(scratch / "f");
    tree::directory(scratch / "z");
    tree::file(scratch / "z/f");
    const auto left = tree::in_child([&scratch] {
        tree::own_mounts();
        tree::mount("tmpfs", scratch / "busy");
        const Fd fd(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        remove_contents(fd.get());
        return names(scratch.path());
    });
    CHECK(left == tree::Lines{"busy"});
}

TEST_CASE("files: what is said of the page cache is so") {
    const tree::Scratch scratch;
    constexpr std::uint64_t size = 8 << 20;
    tree::file(scratch / "f", std::string(size, 'x'));
    const Fd fd(::open((scratch / "f").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(fd);
    CHECK(probably_cached(fd.get(), size)); // just written
    CHECK(probably_cached(fd.get(), 0));
    REQUIRE(::fsync(fd.get()) == 0);
    const auto dropped = [&](off_t from, off_t length) {
        return ::posix_fadvise(fd.get(), from, length, POSIX_FADV_DONTNEED) == 0;
    };
    REQUIRE(dropped(size / 4, size / 2));
    const bool middle = resident(fd.get(), size, size / 2);
    REQUIRE(resident(fd.get(), size, 0));
    REQUIRE(resident(fd.get(), size, size - 1));
    CHECK(probably_cached(fd.get(), size) == middle);
    REQUIRE(dropped(0, 0));
    const bool last = resident(fd.get(), size, size - 1);
    const bool first = resident(fd.get(), size, 0);
    CHECK(probably_cached(fd.get(), size) == (first && last));
    if (middle || first || last)
        tree::skipped("files: this file system keeps its pages in memory");
}

TEST_CASE("files: where the page cache cannot be asked the answer is yes") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const Fd reading(ends[0]);
    const Fd writing(ends[1]);
    CHECK(probably_cached(reading.get(), 100));
    CHECK(probably_cached(-1, 100));
}

TEST_CASE("mounts: a device is mounted twice when two lines have it, or none") {
    const std::string text =
        "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n"
        "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n"
        "40 27 254:0 /srv /mnt rw,relatime shared:1 - ext4 /dev/vda rw\n"
        "41 27 8:1 / /a\\040b rw - xfs /dev/sda1 rw\n"
        "42 27 8:17 / /b rw - xfs /dev/sdb1 rw\n"
        "43 27 8:17 / /c rw - xfs /dev/sdb1 rw\n"
        "44 27 8:17 / /d rw - xfs /dev/sdb1 rw\n"
        "45 27 259:1048575 / /e rw - ext4 /dev/x rw"; // no line end, large minor
    CHECK(twice(text, {makedev(0, 21), makedev(254, 0), makedev(8, 1), makedev(8, 17),
                       makedev(259, 1048575), makedev(8, 2), makedev(0, 0)}) ==
          std::vector<bool>{false, true, false, true, false, true, true});
}

TEST_CASE("mounts: lines that are none do not matter") {
    const std::string text = "\n \nword\n1 2\n1 2 3\n1 2 a:b / /x\n1 2 8: / /x\n1 2 :1 / /x\n"
                             "1 2 8:-1 / /x\n5 6 8:1 / /y rw - xfs s rw\n";
    CHECK(twice(text, {makedev(8, 1), makedev(8, 0), makedev(0, 1)}) ==
          std::vector<bool>{false, true, true});
}

TEST_CASE("mounts: an unreadable mountinfo counts everything as mounted twice") {
    const tree::Scratch scratch;
    const auto mounts = Mounts::read(scratch / "missing");
    struct stat st = {};
    REQUIRE(::stat("/", &st) == 0);
    CHECK(mounts.mounted_twice(st.st_dev));
    CHECK(mounts.mounted_twice(makedev(0, 21)));
}

TEST_CASE("mounts: the kernel's own mountinfo, before and after a bind mount") {
    if (tree::no_mount_namespace())
        return;
    const tree::Scratch scratch;
    tree::directory(scratch / "a");
    tree::directory(scratch / "b");
    const auto lines = tree::in_child([&scratch] {
        tree::own_mounts();
        tree::mount("tmpfs", scratch / "a");
        struct stat st = {};
        tree::must(::stat((scratch / "a").c_str(), &st) == 0, "stat");
        const auto say = [&st] {
            return std::string(Mounts::read().mounted_twice(st.st_dev) ? "twice" : "once");
        };
        tree::Lines said{say()};
        tree::bind(scratch / "a", scratch / "b");
        said.push_back(say());
        return said;
    });
    CHECK(lines == tree::Lines{"once", "twice"});
}

TEST_CASE("clam conf: options, values and the lines they stand in") {
    CHECK(shown(conf("# Automatically generated\n"
                     "\n"
                     "LogFile /var/log/clamav/clamav.log\n"
                     "  \t \n"
                     "LogTime yes\n"
                     "  # indented comment\n"
                     "\tExcludePath\t ^/proc/ \n"
                     "ExcludePath ^/sys/\n"
                     "Foreground\n"
                     "#LogVerbose yes\n"
                     "DatabaseMirror db.local.clamav.net")) == // no line end
          tree::Lines{"3 LogFile=/var/log/clamav/clamav.log", "5 LogTime=yes",
                      "7 ExcludePath=^/proc/", "8 ExcludePath=^/sys/",
                      "9 Foreground=", "11 DatabaseMirror=db.local.clamav.net"});
}

TEST_CASE("clam conf: a value may hold blanks, and stand in quotes") {
    CHECK(shown(conf("VirusEvent /bin/echo found %v in  here\n"
                     "LogFile \"/var/log/with blank.log\"\n"
                     "Empty \"\"\n"
                     "Open \"until the end\n"
                     "One \"\n"
                     "After \"value\" rest\n"
                     "Inside a\"b\"c\n"
                     "Blanks \"  kept \"\n")) ==
          tree::Lines{"1 VirusEvent=/bin/echo found %v in  here",
                      "2 LogFile=/var/log/with blank.log", "3 Empty=", "4 Open=until the end",
                      "5 One=\"", "6 After=value", "7 Inside=a\"b\"c", "8 Blanks=  kept "});
}

TEST_CASE("clam conf: line ends of DOS are no part of a value") {
    CHECK(shown(conf("# comment\r\n\r\nLogTime yes\r\nForeground\r\n")) ==
          tree::Lines{"3 LogTime=yes", "4 Foreground="});
}

TEST_CASE("clam conf: a file without options has none") {
    CHECK(conf("").empty());
    CHECK(conf("\n\n# only\n").empty());
}

TEST_CASE("clam conf: a file that cannot be read is an error that names it escaped") {
    const tree::Scratch scratch;
    const auto missing = read_clam_conf(scratch / "mis\tsing");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().what == scratch / "mis\\tsing");
    CHECK(missing.error().why == "No such file or directory");
    const auto directory = read_clam_conf(scratch.path());
    REQUIRE_FALSE(directory);
    CHECK(directory.error().what == scratch.path());
}

TEST_CASE("clam conf: a file that its reader may not open is an error") {
    const tree::Scratch scratch;
    tree::file(scratch / "secret", "LogTime yes\n");
    tree::mode(scratch / "secret", 0);
    const auto lines = tree::in_child([&scratch] {
        infected::become_ordinary();
        const auto read = read_clam_conf(scratch / "secret");
        return tree::Lines{read ? "read" : read.error().why};
    });
    CHECK(lines == tree::Lines{"Permission denied"});
}
