// SPDX-License-Identifier: GPL-2.0-only
//
// The temporary directory of a run: who may enter it, and what is left of it when the run ends,
// well or by SIGKILL.
#include "engine/run_directory.h"

#include "tests/support/catch.h"
#include "tests/support/infected.h"
#include "tests/support/processes.h"
#include "tests/support/tree.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace hostav;
using infected::exists;
using infected::names;
using infected::status;

namespace {

constexpr uid_t stranger = 12345;

RunDirectory made(const RunDirectoryOptions &options) {
    auto run = RunDirectory::make(options);
    INFO((run ? std::string() : run.error().text()));
    REQUIRE(run);
    return std::move(*run);
}

RunDirectory below(const tree::Scratch &scratch, bool keep = false) {
    RunDirectoryOptions options;
    options.parent = scratch.path();
    options.keep = keep;
    return made(options);
}

mode_t permissions(const std::string &path) {
    return status(path).st_mode & 07777;
}

/// A run in a process of its own, holding its directory until it is killed.
class Run {
  public:
    /// `link_to`: where a symbolic link planted in its directory leads.
    Run(const RunDirectoryOptions &options, const std::string &link_to) {
        std::array<int, 2> ends{};
        tree::must(::pipe(ends.data()) == 0, "pipe");
        pid_ = ::fork();
        tree::must(pid_ >= 0, "fork");
        if (pid_ == 0)
            live(options, link_to, ends[1]);
        ::close(ends[1]);
        std::array<char, 4096> path{};
        const auto got = ::read(ends[0], path.data(), path.size());
        ::close(ends[0]);
        tree::must(got > 0, "a run in a child");
        path_.assign(path.data(), static_cast<std::size_t>(got));
    }
    Run(const Run &) = delete;
    Run &operator=(const Run &) = delete;
    ~Run() {
        end();
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string &path() const { return path_; }
    void end() {
        if (pid_ <= 0)
            return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

  private:
    pid_t pid_ = 0;
    std::string path_;

    [[noreturn]] static void live(const RunDirectoryOptions &options, const std::string &link_to,
                                  int out) {
        auto run = RunDirectory::make(options);
        if (!run || !run->make_worker(0, ::geteuid(), ::getegid()))
            ::_exit(1);
        tree::file(run->worker_path(0) + "/half-unpacked", std::string(5000, 'x'));
        tree::link(link_to, run->worker_path(0) + "/link");
        const auto written = ::write(out, run->path().data(), run->path().size());
        ::close(out);
        if (written > 0)
            ::pause(); // until it is killed
        ::_exit(1);
    }
};

} // namespace

TEST_CASE("run directory: others may pass through it and not look around") {
    const tree::Scratch scratch;
    const auto mask = GENERATE(as<mode_t>{}, 0, 022, 077);
    const auto before = ::umask(mask);
    const auto run = below(scratch);
    ::umask(before);
    CHECK(run.path().starts_with(scratch / "hostav-scan."));
    CHECK(S_ISDIR(status(run.path()).st_mode));
    CHECK(permissions(run.path()) == 0711);
    CHECK(status(run.path()).st_uid == ::geteuid());
}

TEST_CASE("run directory: two runs have one each") {
    const tree::Scratch scratch;
    const auto one = below(scratch);
    const auto two = below(scratch);
    CHECK(one.path() != two.path());
    CHECK(names(scratch.path()).size() == 2);
}

TEST_CASE("run directory: a worker's directory is its own") {
    const tree::Scratch scratch;
    auto run = below(scratch);
    const uid_t owner = ::geteuid() == 0 ? stranger : ::geteuid();
    const gid_t group = ::geteuid() == 0 ? stranger : ::getegid();
    const auto fd = run.make_worker(3, owner, group);
    REQUIRE(fd);
    const auto path = run.worker_path(3);
    CHECK(path.starts_with(run.path() + "/"));
    CHECK(permissions(path) == 0700);
    CHECK(status(path).st_uid == owner);
    CHECK(status(path).st_gid == group);
    struct stat opened = {};
    REQUIRE(::fstat(fd->get(), &opened) == 0);
    CHECK(opened.st_ino == status(path).st_ino);
    CHECK(run.worker_path(4) != path);
    // Never one that was there before, which somebody else may have made.
    CHECK_FALSE(run.make_worker(3, owner, group));
}

TEST_CASE("run directory: what a worker left goes with remove_worker, links are not followed") {
    const tree::Scratch scratch;
    const tree::Scratch outside;
    tree::file(outside / "victim");
    tree::directory(outside / "directory");
    tree::file(outside / "directory/victim");
    auto run = below(scratch);
    REQUIRE(run.make_worker(0, ::geteuid(), ::getegid()));
    REQUIRE(run.make_worker(1, ::geteuid(), ::getegid()));
    const auto path = run.worker_path(0);
    tree::file(path + "/f");
    tree::directory(path + "/d");
    tree::file(path + "/d/f");
    tree::fifo(path + "/fifo");
    tree::link(outside / "victim", path + "/to-file");
    tree::link(outside / "directory", path + "/to-directory");
    tree::link(outside.path(), path + "/d/to-directory");
    run.remove_worker(0);
    CHECK_FALSE(exists(path));
    CHECK(exists(run.worker_path(1)));
    CHECK(exists(outside / "victim"));
    CHECK(exists(outside / "directory/victim"));
    run.remove_worker(0); // gone already
    run.remove_worker(77);
    CHECK(exists(run.worker_path(1)));
}

TEST_CASE("run directory: a worker's directory that became a link is unlinked, not followed") {
    const tree::Scratch scratch;
    const tree::Scratch outside;
    tree::file(outside / "victim");
    {
        auto run = below(scratch);
        tree::link(outside.path(), run.worker_path(0));
        CHECK_FALSE(run.make_worker(0, ::geteuid(), ::getegid()));
        run.remove_worker(0);
        CHECK(exists(outside / "victim"));
    }
    CHECK(names(outside.path()) == tree::Lines{"victim"});
    CHECK(names(scratch.path()).empty());
}

TEST_CASE("run directory: it goes with its owner, content and all") {
    const tree::Scratch scratch;
    const tree::Scratch outside;
    tree::file(outside / "victim");
    {
        auto run = below(scratch);
        REQUIRE(run.make_worker(0, ::geteuid(), ::getegid()));
        tree::file(run.worker_path(0) + "/f");
        tree::deep(run.worker_path(0), "level", 100);
        tree::link(outside.path(), run.path() + "/link");
        auto moved = std::move(run);
        CHECK(exists(moved.worker_path(0) + "/f"));
    }
    CHECK(names(scratch.path()).empty());
    CHECK(names(outside.path()) == tree::Lines{"victim"});
}

TEST_CASE("run directory: moving it away leaves it in place") {
    const tree::Scratch scratch;
    std::optional<RunDirectory> kept;
    {
        auto run = below(scratch);
        kept.emplace(std::move(run));
    }
    CHECK(exists(kept->path()));
    kept.reset();
    CHECK(names(scratch.path()).empty());
}

TEST_CASE("run directory: it stays where temporary files are to be left") {
    const tree::Scratch scratch;
    std::string path;
    {
        auto run = below(scratch, true);
        path = run.path();
        REQUIRE(run.make_worker(0, ::geteuid(), ::getegid()));
        tree::file(run.worker_path(0) + "/f");
        run.remove_worker(0);
        CHECK(exists(run.worker_path(0) + "/f"));
    }
    CHECK(exists(path + "/w0/f"));
}

TEST_CASE("run directory: without a place for it there is an error that names the place") {
    const tree::Scratch scratch;
    RunDirectoryOptions options;
    options.parent = scratch / "missing";
    const auto run = RunDirectory::make(options);
    REQUIRE_FALSE(run);
    CHECK(run.error().what == scratch / "missing");
    CHECK(run.error().why == "No such file or directory");
}

TEST_CASE("run directory: a live run keeps its directory, a dead one's is removed by the next") {
    const tree::Scratch outside;
    tree::file(outside / "victim");
    Run other({}, outside.path());
    {
        const auto run = made({});
        // Both chose the same place, or this says nothing.
        REQUIRE(std::filesystem::path(run.path()).parent_path() ==
                std::filesystem::path(other.path()).parent_path());
        CHECK(exists(other.path() + "/w0/half-unpacked"));
    }
    other.end();
    const auto run = made({});
    CHECK_FALSE(exists(other.path()));
    CHECK(exists(outside / "victim"));
}

TEST_CASE("run directory: where the place was named nothing of others is touched") {
    const tree::Scratch scratch;
    const tree::Scratch outside;
    RunDirectoryOptions options;
    options.parent = scratch.path();
    Run other(options, outside.path());
    other.end();
    const auto run = made(options);
    CHECK(exists(other.path() + "/w0/half-unpacked"));
}

TEST_CASE("run directory: only directories of one's own that bear its name are stale") {
    const tree::Scratch outside;
    tree::file(outside / "victim");
    const auto parent = std::filesystem::path(made({}).path()).parent_path().string();
    // Names that no mkdtemp makes, so that no other run on this machine has them.
    const auto unique = std::to_string(::getpid());
    const auto link = parent + "/hostav-scan.link" + unique;
    const auto other = parent + "/hostav-other." + unique;
    const auto foreign = parent + "/hostav-scan.foreign" + unique;
    tree::link(outside.path(), link);
    tree::directory(other);
    tree::file(other + "/f");
    tree::directory(foreign);
    tree::file(foreign + "/f");
    if (::geteuid() == 0)
        tree::must(::chown(foreign.c_str(), stranger, stranger) == 0, foreign);
    {
        const auto run = made({});
        CHECK(exists(link));
        CHECK(exists(outside / "victim"));
        CHECK(exists(other + "/f"));
        if (::geteuid() == 0)
            CHECK(exists(foreign + "/f"));
        else
            CHECK_FALSE(exists(foreign));
    }
    ::unlink(link.c_str());
    std::filesystem::remove_all(other);
    std::filesystem::remove_all(foreign);
}
