// SPDX-License-Identifier: GPL-2.0-only
//
// The worker pool with a real engine and real, caged workers: every file is answered exactly once,
// whatever becomes of the worker that has it, and nothing is left when the pool stops. No test
// waits for luck: a worker that is to die or to be late is stopped first.
#include "engine/pool.h"

#include "base/digest.h"
#include "engine/cage.h"
#include "tests/support/catch.h"
#include "tests/support/engines.h"
#include "tests/support/infected.h"
#include "tests/support/processes.h"
#include "tests/support/tree.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>

using namespace hostav;
using namespace std::chrono_literals;
using processes::children;

namespace {

/// How many of the next children stop as soon as they are forked, before they have done anything.
int stops_left = 0;

void stop_children_at_start() {
    static bool stops = false;
    static const int registered = ::pthread_atfork(
        [] {
            stops = stops_left > 0;
            stops_left -= stops ? 1 : 0;
        },
        nullptr,
        [] {
            if (stops)
                ::raise(SIGSTOP);
        });
    REQUIRE(registered == 0);
}

std::string text(const Report &report) {
    switch (report.verdict) {
    case Verdict::clean:
        return "clean";
    case Verdict::infected:
        return report.detections.empty() ? "infected" : report.detections[0].signature;
    default:
        return report.error;
    }
}

/// `job text`, by job.
tree::Lines shown(const std::vector<Done> &answers) {
    tree::Lines lines;
    for (const auto &done : answers)
        lines.push_back(std::to_string(done.job) + " " + text(done.report));
    return tree::sorted(lines);
}

/// A pool in a directory of its own, with a clean and an infected file to scan.
/// Workers of this process that count as another's.
class Lent final : public WorkerHost {
  public:
    explicit Lent(std::unique_ptr<WorkerHost> host) : host_(std::move(host)) {}
    Result<void> start(unsigned number, Fd socket) override {
        return host_->start(number, std::move(socket));
    }
    [[nodiscard]] bool lent() const override { return true; }
    void end(unsigned number) override { host_->end(number); }
    void wait_for_ended() override { host_->wait_for_ended(); }
    void reap() override { host_->reap(); }

  private:
    std::unique_ptr<WorkerHost> host_;
};

class Fixture {
  public:
    explicit Fixture(const PoolOptions &options, bool lent = false)
        : engine_(engines::load(scratch_ / "database")) {
        static const bool prepared = (prepare_for_cage(), true);
        static_cast<void>(prepared);
        stop_children_at_start();
        REQUIRE(children().empty());
        tree::file(scratch_ / "clean");
        tree::file(scratch_ / "bad", engines::eicar());
        tree::directory(scratch_ / "parent");
        RunDirectoryOptions place;
        place.parent = scratch_ / "parent";
        auto run = RunDirectory::make(place);
        REQUIRE(run);
        run_path_ = run->path();
        if (lent) {
            auto host = LocalWorkers::create(engine_, options.digest, std::move(*run));
            REQUIRE(host);
            pool_ = std::make_unique<Pool>(std::make_unique<Lent>(std::move(*host)), options);
            return;
        }
        auto pool = Pool::create(engine_, options, std::move(*run));
        REQUIRE(pool);
        pool_ = std::make_unique<Pool>(std::move(*pool));
    }

    [[nodiscard]] Pool &pool() { return *pool_; }
    void drop_pool() { pool_.reset(); }
    /// What the workers of the run have below its directory.
    [[nodiscard]] tree::Lines left() const { return infected::names(run_path_); }
    [[nodiscard]] const std::string &run_path() const { return run_path_; }
    [[nodiscard]] std::string path(const std::string &name) const { return scratch_ / name; }

    /// False when no worker could be made.
    bool submit(std::uint64_t job, const std::string &name) {
        const auto fd = engines::open(path(name));
        return pool_->submit(job, fd.get(), name).has_value();
    }
    /// Waits once as the scanner does.
    void turn() {
        std::vector<pollfd> set;
        pool_->add_to(set);
        if (::poll(set.data(), set.size(), pool_->milliseconds_left()) < 0)
            REQUIRE(errno == EINTR);
        REQUIRE(pool_->handle(set));
        for (auto &done : pool_->take())
            answers_.push_back(std::move(done));
    }
    /// All answers until no worker has a file any more.
    std::vector<Done> answers() {
        while (pool_->busy() != 0)
            turn();
        for (auto &done : pool_->take())
            answers_.push_back(std::move(done));
        return std::exchange(answers_, {});
    }
    /// Gives a file to a worker that dies before it can say that it is ready.
    Result<void> lose_at_start(std::uint64_t job) {
        stops_left = 1;
        REQUIRE(submit(job, "clean"));
        REQUIRE(children().size() == 1);
        REQUIRE(processes::reaches(children()[0], "T"));
        REQUIRE(processes::kill_and_wait(children()[0]));
        std::vector<pollfd> set;
        pool_->add_to(set);
        REQUIRE(::poll(set.data(), set.size(), -1) == 1);
        auto handled = pool_->handle(set);
        CHECK(shown(answers()) == tree::Lines{std::to_string(job) + " Scanner crashed"});
        return handled;
    }
    /// Has a clean file scanned, so that there is a worker with nothing to do. A machine may be
    /// slower than a short timeout: until it is not.
    void warm_up() {
        constexpr int tries = 50;
        for (int i = 0; i < tries; ++i) {
            REQUIRE(submit(1000, "clean"));
            const auto done = answers();
            REQUIRE(done.size() == 1);
            if (done[0].report.verdict == Verdict::clean)
                return;
            REQUIRE(done[0].report.error == "Timed out");
        }
        FAIL("no file was scanned in time");
    }

  private:
    tree::Scratch scratch_;
    Engine engine_;
    std::unique_ptr<Pool> pool_;
    std::string run_path_;
    std::vector<Done> answers_;
};

PoolOptions workers(unsigned count, std::chrono::milliseconds timeout = 150s) {
    PoolOptions options;
    options.workers = count;
    options.timeout = timeout;
    return options;
}

} // namespace

TEST_CASE("pool: every file is answered exactly once") {
    Fixture fixture(workers(2));
    constexpr std::uint64_t files = 40;
    const auto name = [](std::uint64_t job) { return job % 3 == 0 ? "bad" : "clean"; };
    std::uint64_t sent = 0;
    std::size_t most = 0;
    while (sent < files) {
        while (sent < files && fixture.pool().has_room()) {
            REQUIRE(fixture.submit(sent, name(sent)));
            ++sent;
        }
        most = std::max(most, children().size());
        CHECK(fixture.pool().busy() <= 2);
        fixture.turn();
    }
    const auto answers = fixture.answers();
    std::vector<unsigned> times(files);
    for (const auto &done : answers) {
        REQUIRE(done.job < files);
        ++times[done.job];
        const bool bad = done.job % 3 == 0;
        CHECK(text(done.report) == (bad ? engines::signature : "clean"));
        CHECK(done.report.sha256.empty()); // not asked for
        CHECK(done.report.seconds > 0);
        CHECK(done.report.limits.empty());
    }
    CHECK(times == std::vector<unsigned>(files, 1));
    CHECK(most == 2);
    CHECK(fixture.pool().take().empty());
}

TEST_CASE("pool: no worker before there is a file, and no more than files at once") {
    Fixture fixture(workers(3));
    CHECK(children().empty());
    CHECK(fixture.pool().has_room());
    CHECK(fixture.pool().busy() == 0);
    CHECK(fixture.pool().milliseconds_left() == -1);
    std::vector<pollfd> set;
    fixture.pool().add_to(set);
    CHECK(set.empty());
    CHECK(fixture.pool().take().empty());
    REQUIRE(fixture.submit(1, "clean"));
    CHECK(children().size() == 1);
    CHECK(fixture.pool().busy() == 1);
    CHECK(fixture.pool().has_room());
    CHECK(fixture.pool().milliseconds_left() > 0);
    fixture.answers();
    REQUIRE(fixture.submit(2, "clean"));
    CHECK(children().size() == 1); // the same one again
    CHECK(shown(fixture.answers()) == tree::Lines{"2 clean"});
    CHECK(fixture.pool().milliseconds_left() == -1);
}

TEST_CASE("pool: there is room until every worker has a file") {
    Fixture fixture(workers(2));
    REQUIRE(fixture.submit(1, "clean"));
    CHECK(fixture.pool().has_room());
    REQUIRE(fixture.submit(2, "clean"));
    CHECK_FALSE(fixture.pool().has_room());
    CHECK(shown(fixture.answers()) == tree::Lines{"1 clean", "2 clean"});
    CHECK(fixture.pool().has_room());
}

TEST_CASE("pool: the digest of infected files is there when asked for") {
    auto options = workers(1);
    options.digest = true;
    Fixture fixture(options);
    REQUIRE(fixture.submit(1, "clean"));
    CHECK(fixture.answers().at(0).report.sha256.empty());
    REQUIRE(fixture.submit(2, "bad"));
    const auto fd = engines::open(fixture.path("bad"));
    const auto digest = sha256_of_fd(fd.get());
    REQUIRE(digest);
    CHECK(fixture.answers().at(0).report.sha256 == *digest);
}

TEST_CASE("pool: a worker killed on a file costs that file and no other") {
    Fixture fixture(workers(2));
    fixture.warm_up();
    REQUIRE(children().size() == 1);
    const pid_t victim = children()[0];
    REQUIRE(processes::stop(victim));
    REQUIRE(fixture.submit(1, "bad"));
    REQUIRE(fixture.submit(2, "bad")); // to a second worker
    REQUIRE(children().size() == 2);
    REQUIRE(processes::kill_and_wait(victim));
    CHECK(shown(fixture.answers()) ==
          tree::Lines{"1 Scanner crashed", std::string("2 ") + engines::signature});
    CHECK_FALSE(std::ranges::count(children(), victim)); // reaped
    REQUIRE(fixture.submit(3, "bad"));
    REQUIRE(fixture.submit(4, "clean"));
    CHECK(shown(fixture.answers()) ==
          tree::Lines{std::string("3 ") + engines::signature, "4 clean"});
    CHECK(fixture.left().size() == children().size());
}

TEST_CASE("pool: a lent worker may have died with its lender, its file is worth another try") {
    for (const bool lent : {true, false}) {
        CAPTURE(lent);
        Fixture fixture(workers(1), lent);
        fixture.warm_up();
        const pid_t victim = children().at(0);
        REQUIRE(processes::stop(victim));
        REQUIRE(fixture.submit(1, "clean"));
        REQUIRE(processes::kill_and_wait(victim));
        const auto lost = fixture.answers();
        CHECK(shown(lost) == tree::Lines{"1 Scanner crashed"});
        CHECK(lost.at(0).lent == lent);
        REQUIRE(fixture.submit(2, "clean"));
        CHECK_FALSE(fixture.answers().at(0).lent);
    }
}

TEST_CASE("pool: what a killed worker left behind is removed") {
    Fixture fixture(workers(1));
    fixture.warm_up();
    const auto before = fixture.left();
    REQUIRE(before.size() == 1);
    const auto directory = fixture.run_path() + "/" + before[0];
    tree::directory(directory + "/unpacked");
    tree::file(directory + "/unpacked/f");
    const pid_t victim = children().at(0);
    REQUIRE(processes::stop(victim));
    REQUIRE(fixture.submit(1, "clean"));
    REQUIRE(processes::kill_and_wait(victim));
    CHECK(shown(fixture.answers()) == tree::Lines{"1 Scanner crashed"});
    CHECK_FALSE(infected::exists(directory));
}

TEST_CASE("pool: a file that takes too long is given up, and its worker with it") {
    Fixture fixture(workers(1, 1s));
    fixture.warm_up();
    const pid_t late = children().at(0);
    REQUIRE(processes::stop(late));
    REQUIRE(fixture.submit(1, "bad"));
    CHECK_FALSE(fixture.pool().has_room());
    const auto answers = fixture.answers();
    CHECK(shown(answers) == tree::Lines{"1 Timed out"});
    CHECK(answers.at(0).report.seconds >= 1);
    CHECK(processes::reaches(late, std::string("Z\0", 2)));
    fixture.warm_up(); // a fresh one answers
    CHECK_FALSE(std::ranges::count(children(), late));
    CHECK(fixture.left().size() == 1);
}

TEST_CASE("pool: a worker killed with nothing to do costs nothing") {
    Fixture fixture(workers(1));
    fixture.warm_up();
    SECTION("noticed when a file is given to it") {
        REQUIRE(processes::kill_and_wait(children().at(0)));
    }
    SECTION("noticed while waiting") {
        REQUIRE(processes::kill_and_wait(children().at(0)));
        fixture.turn();
        CHECK(children().empty());
        CHECK(fixture.left().empty());
        CHECK(fixture.pool().take().empty());
        CHECK(fixture.pool().has_room());
    }
    SECTION("again and again") {
        for (int i = 0; i < 6; ++i) {
            REQUIRE(processes::kill_and_wait(children().at(0)));
            fixture.warm_up();
        }
        REQUIRE(processes::kill_and_wait(children().at(0)));
    }
    REQUIRE(fixture.submit(1, "bad"));
    CHECK(shown(fixture.answers()) == tree::Lines{std::string("1 ") + engines::signature});
    CHECK(children().size() == 1);
    CHECK(fixture.left().size() == 1);
}

TEST_CASE("pool: workers killed on one file after the other never stop the pool") {
    Fixture fixture(workers(1));
    for (std::uint64_t job = 0; job < 6; ++job) {
        fixture.warm_up();
        const pid_t victim = children().at(0);
        REQUIRE(processes::stop(victim));
        REQUIRE(fixture.submit(job, "clean"));
        REQUIRE(processes::kill_and_wait(victim));
        CHECK(shown(fixture.answers()) == tree::Lines{std::to_string(job) + " Scanner crashed"});
    }
    REQUIRE(fixture.submit(100, "bad"));
    CHECK(shown(fixture.answers()) == tree::Lines{std::string("100 ") + engines::signature});
}

TEST_CASE("pool: workers that die at their start are replaced, but not for ever") {
    Fixture fixture(workers(1));
    for (std::uint64_t round = 0; round < 3; ++round) {
        CHECK(fixture.lose_at_start(2 * round));
        CHECK(fixture.lose_at_start(2 * round + 1));
        fixture.warm_up(); // the next one may fail again
        REQUIRE(processes::kill_and_wait(children().at(0)));
        fixture.turn();
    }
    CHECK(fixture.lose_at_start(10));
    CHECK(fixture.lose_at_start(11));
    const auto third = fixture.lose_at_start(12);
    REQUIRE_FALSE(third);
    CHECK(third.error().text() == "worker: dies as soon as it starts");
    CHECK(children().empty());
    CHECK(fixture.left().empty());
}

TEST_CASE("pool: stop leaves no child and no file") {
    Fixture fixture(workers(3));
    for (std::uint64_t job = 0; job < 3; ++job)
        REQUIRE(fixture.submit(job, "bad"));
    REQUIRE(children().size() == 3);
    REQUIRE(fixture.left().size() == 3);
    tree::file(fixture.run_path() + "/" + fixture.left()[0] + "/f");
    // One that does not even listen.
    REQUIRE(processes::stop(children()[1]));
    fixture.pool().stop();
    CHECK(children().empty());
    CHECK(fixture.left().empty());
    CHECK(fixture.pool().busy() == 0);
    fixture.pool().stop(); // nothing to do
    fixture.drop_pool();
    CHECK_FALSE(infected::exists(fixture.run_path()));
}

TEST_CASE("pool: it takes its workers and its directory with it") {
    Fixture fixture(workers(2));
    REQUIRE(fixture.submit(1, "clean"));
    REQUIRE(fixture.submit(2, "bad"));
    fixture.drop_pool();
    CHECK(children().empty());
    CHECK_FALSE(infected::exists(fixture.run_path()));
}

TEST_CASE("pool: where no worker can be made a file is refused") {
    Fixture fixture(workers(1));
    REQUIRE(::rmdir(fixture.run_path().c_str()) == 0);
    CHECK_FALSE(fixture.submit(1, "clean"));
    CHECK(fixture.pool().busy() == 0);
    CHECK(fixture.pool().take().empty());
    CHECK(children().empty());
}
