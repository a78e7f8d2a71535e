// SPDX-License-Identifier: GPL-2.0-only
//
// The shared log: whole lines from several processes, rotation, times, full disks.
#include "base/log_file.h"
#include "tests/support/catch.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace hostav;

namespace {

class TempDir {
  public:
    TempDir() {
        std::string name = "/tmp/hostav-log-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    [[nodiscard]] std::string operator/(const std::string &name) const {
        return path_ + "/" + name;
    }

  private:
    std::string path_;
};

std::string content(const std::string &path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void put(const std::string &path, const std::string &text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> lines_of(const std::string &path) {
    std::vector<std::string> lines;
    std::istringstream text(content(path));
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

/// Runs `body` in a child; its result is the exit status.
template <typename Body>
pid_t in_child(Body body) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        _exit(body());
    return child;
}

int status_of(pid_t child) {
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/// Files may grow to `size` bytes while this lives, and the signal is ignored, as a tool does.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t size) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        const struct rlimit limit = {size, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit &) = delete;
    FileSizeLimit &operator=(const FileSizeLimit &) = delete;

  private:
    void (*handler_)(int);
    struct rlimit before_ = {};
};

const std::string timed_line = "Thu Dec  5 15:42:03 2022 -> /x: Eicar FOUND\n";

} // namespace

TEST_CASE("a new log has mode 0640 and gets lines as they are", "[log_file]") {
    const TempDir dir;
    const mode_t before = umask(0);
    auto log = LogFile::open(dir / "log");
    umask(before);
    REQUIRE(log.has_value());
    CHECK_FALSE(log->timed());
    struct stat st = {};
    REQUIRE(stat((dir / "log").c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0640);
    CHECK(log->write("one").has_value());
    CHECK(log->write("").has_value());
    CHECK(log->write(std::string(100000, 'x')).has_value());
    CHECK(content(dir / "log") == "one\n\n" + std::string(100000, 'x') + "\n");
}

TEST_CASE("an existing log is appended to, its mode kept", "[log_file]") {
    const TempDir dir;
    put(dir / "log", "before\n");
    REQUIRE(chmod((dir / "log").c_str(), 0604) == 0);
    REQUIRE(LogFile::open(dir / "log")->write("after").has_value());
    CHECK(content(dir / "log") == "before\nafter\n");
    struct stat st = {};
    REQUIRE(stat((dir / "log").c_str(), &st) == 0);
    CHECK((st.st_mode & 07777) == 0604);
}

TEST_CASE("only a regular file is a log", "[log_file]") {
    const TempDir dir;
    put(dir / "target", "");
    REQUIRE(symlink("target", (dir / "link").c_str()) == 0);
    REQUIRE(symlink("nowhere", (dir / "dangling").c_str()) == 0);
    REQUIRE(mkfifo((dir / "fi\nfo").c_str(), 0600) == 0); // opening it must not block
    CHECK(LogFile::open(dir / "link").error().text() ==
          dir / "link: a symbolic link is not followed for a log");
    CHECK_FALSE(LogFile::open(dir / "dangling").has_value());
    CHECK_FALSE(std::filesystem::exists(dir / "nowhere"));
    CHECK(LogFile::open(dir / "fi\nfo").error().text() == dir / "fi\\nfo: not a regular file");
    CHECK(LogFile::open(dir / "").error().why == "not a regular file");
    CHECK(LogFile::open("/dev/full").error().text() == "/dev/full: not a regular file");
    CHECK(LogFile::open(dir / "no/such/directory").error().why == "No such file or directory");
}

TEST_CASE("the descriptor is closed in a child's exec", "[log_file]") {
    const TempDir dir;
    const auto log = LogFile::open(dir / "log");
    REQUIRE(log.has_value());
    const std::string command = "ls -l /proc/self/fd | grep -q '" + (dir / "log") + "'";
    CHECK(std::system(command.c_str()) != 0); // NOLINT(*-env33-c,concurrency-mt-unsafe)
}

TEST_CASE("lines get the time where the log has it already", "[log_file]") {
    const TempDir dir;
    const std::string filler = std::string(99, 'f') + "\n";
    std::string much;
    for (int i = 0; i < 1000; ++i)
        much += filler;
    const std::vector<std::pair<std::string, bool>> table = {
        {timed_line, true},
        {"Thu Dec 15 15:42:03 2022 -> +++ Started", true},
        {"header\n\n" + timed_line, true},
        {timed_line + much, true},
        {much + timed_line, true},
        {much + timed_line + much, false}, // neither end has it
        {"", false},
        {"/x: Eicar FOUND\n", false},
        {"x " + timed_line, false},
        {much + "x " + timed_line, false},
        {std::string(20000, 'x') + timed_line, false}, // the middle of one long line
        {"Thu Dec 15 15:42:03 2022: x\n", false},
        {"Thu Dec 15 15.42.03 2022 -> x\n", false},
        {"Thu Dec 15 15:42:03 2022 -> ", true},
        {"Thu Dec 15 15:42:03 2022 ->", false},
    };
    for (const auto &[text, timed] : table) {
        put(dir / "log", text);
        const auto log = LogFile::open(dir / "log");
        REQUIRE(log.has_value());
        INFO(text.substr(0, 60));
        CHECK(log->timed() == timed);
    }
}

TEST_CASE("a timed line is ctime's text, an arrow and the line; an empty one stays empty",
          "[log_file]") {
    const TempDir dir;
    put(dir / "log", timed_line);
    auto log = LogFile::open(dir / "log");
    const std::time_t before = std::time(nullptr);
    REQUIRE(log->write("/y: Z FOUND").has_value());
    REQUIRE(log->write("").has_value());
    const std::time_t after = std::time(nullptr);
    const std::string written = content(dir / "log").substr(timed_line.size());
    bool found = false;
    for (std::time_t when = before; when <= after; ++when)
        found = found || written == log_time(when) + " -> /y: Z FOUND\n\n";
    CHECK(found);
}

TEST_CASE("log_time is local time in ctime's form", "[log_file]") {
    const char *zone = std::getenv("TZ"); // NOLINT(concurrency-mt-unsafe)
    const std::string saved = zone == nullptr ? "" : zone;
    setenv("TZ", "XXX-2", 1); // NOLINT(concurrency-mt-unsafe)
    tzset();
    CHECK(log_time(1671118923) == "Thu Dec 15 17:42:03 2022");
    CHECK(log_time(0) == "Thu Jan  1 02:00:00 1970");
    if (zone == nullptr)
        unsetenv("TZ"); // NOLINT(concurrency-mt-unsafe)
    else
        setenv("TZ", saved.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    tzset();
}

TEST_CASE("after rotation the next line goes into the new file", "[log_file]") {
    const TempDir dir;
    put(dir / "log", timed_line);
    auto log = LogFile::open(dir / "log");
    REQUIRE(log->write("one").has_value());
    REQUIRE(rename((dir / "log").c_str(), (dir / "log.1").c_str()) == 0);
    SECTION("which we make ourselves") {
        REQUIRE(log->write("two").has_value());
        struct stat st = {};
        REQUIRE(stat((dir / "log").c_str(), &st) == 0);
        CHECK((st.st_mode & S_IRWXO) == 0);
    }
    SECTION("which logrotate has made") {
        put(dir / "log", "");
        REQUIRE(log->write("two").has_value());
    }
    CHECK(content(dir / "log.1").ends_with(" -> one\n"));
    CHECK(lines_of(dir / "log.1").size() == 2);
    CHECK(content(dir / "log").ends_with(" -> two\n")); // timed, as the old one was
    CHECK(lines_of(dir / "log").size() == 1);
    REQUIRE(unlink((dir / "log").c_str()) == 0);
    REQUIRE(log->write("three").has_value());
    CHECK(content(dir / "log").ends_with(" -> three\n"));
}

TEST_CASE("a log that is truncated in place goes on at its beginning", "[log_file]") {
    const TempDir dir;
    auto log = LogFile::open(dir / "log");
    REQUIRE(log->write("one").has_value());
    REQUIRE(truncate((dir / "log").c_str(), 0) == 0);
    REQUIRE(log->write("two").has_value());
    CHECK(content(dir / "log") == "two\n");
}

TEST_CASE("a link put in the log's place is not followed and loses no line", "[log_file]") {
    const TempDir dir;
    auto log = LogFile::open(dir / "log");
    put(dir / "victim", "");
    REQUIRE(rename((dir / "log").c_str(), (dir / "log.1").c_str()) == 0);
    REQUIRE(symlink("victim", (dir / "log").c_str()) == 0);
    CHECK_FALSE(log->write("one").has_value());
    CHECK(content(dir / "victim").empty());
    CHECK(content(dir / "log.1") == "one\n");
    REQUIRE(unlink((dir / "log").c_str()) == 0);
    CHECK(log->write("two").has_value());
    CHECK(content(dir / "log") == "two\n");
}

TEST_CASE("several processes write whole lines, also while the log is rotated", "[log_file]") {
    const TempDir dir;
    constexpr int writers = 4;
    constexpr int lines = 400;
    constexpr std::size_t expected = 1600;
    const auto body = [&](int writer) {
        auto log = LogFile::open(dir / "log");
        if (!log)
            return 1;
        for (int i = 0; i < lines; ++i) {
            const std::string tag = std::to_string(writer) + "-" + std::to_string(i);
            const auto length = static_cast<std::size_t>(1 + ((i * 37) % 9000));
            if (!log->write("<" + tag + ":" + std::string(length, static_cast<char>('a' + writer)) +
                            ">"))
                return 2;
        }
        return 0;
    };
    std::vector<pid_t> children;
    children.reserve(writers);
    for (int writer = 0; writer < writers; ++writer)
        children.push_back(in_child([&] { return body(writer); }));
    std::vector<std::string> files = {dir / "log"};
    for (int turn = 1; turn <= 20; ++turn) { // whenever there is something to move away
        const std::string old = dir / ("log." + std::to_string(turn));
        if (rename((dir / "log").c_str(), old.c_str()) == 0)
            files.push_back(old);
        usleep(2000);
    }
    for (const pid_t child : children)
        CHECK(status_of(child) == 0);
    std::set<std::string> tags;
    std::size_t count = 0;
    for (const auto &file : files)
        for (const auto &line : lines_of(file)) {
            const auto colon = line.find(':');
            REQUIRE(colon != std::string::npos);
            const std::string tag = line.substr(0, colon);
            const char letter = static_cast<char>('a' + (tag[1] - '0'));
            const bool whole =
                line.back() == '>' && line.find_first_not_of(letter, colon + 1) == line.size() - 1;
            CHECK(whole);
            tags.insert(tag);
            ++count;
        }
    CHECK(count == expected);
    CHECK(tags.size() == expected);
}

TEST_CASE("a file that can grow no more is an error, and the next line stands alone",
          "[log_file]") {
    const TempDir dir;
    auto log = LogFile::open(dir / "log");
    REQUIRE(log->write("before").has_value());
    {
        const FileSizeLimit limit(12);
        const auto cut = log->write("cut off here");
        REQUIRE_FALSE(cut.has_value());
        CHECK(cut.error().text() == dir / "log: File too large");
        CHECK_FALSE(log->write("no room at all").has_value());
    }
    CHECK(content(dir / "log") == "before\ncut o");
    REQUIRE(log->write("after").has_value());
    REQUIRE(log->write("last").has_value());
    CHECK(content(dir / "log") == "before\ncut o\nafter\nlast\n");
}

TEST_CASE("a user who may write but not read can log", "[log_file]") {
    const TempDir dir;
    put(dir / "log", timed_line);
    REQUIRE(chmod((dir / "log").c_str(), 0222) == 0);
    REQUIRE(chmod((dir / "").c_str(), 0755) == 0);
    const pid_t child = in_child([&] {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            return 3;
        auto log = LogFile::open(dir / "log");
        if (!log)
            return 1;
        return log->write("blind") ? 0 : 2;
    });
    CHECK(status_of(child) == 0);
    REQUIRE(chmod((dir / "log").c_str(), 0644) == 0);
    CHECK(content(dir / "log") == timed_line + "blind\n");
}
