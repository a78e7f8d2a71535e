// SPDX-License-Identifier: GPL-2.0-only
//
// An engine that loads in the cage: real signatures, real cages, as root and as an ordinary user.
#include "engine/caged_engine.h"

#include "engine/cage.h"
#include "tests/support/catch.h"
#include "tests/support/engines.h"
#include "tests/support/processes.h"
#include "tests/support/tree.h"

#include <cstdio>
#include <filesystem>
#include <grp.h>

using namespace hostav;

namespace {

/// `db` and `tmp` in a scratch directory, as the header asks for them.
class Ground {
  public:
    Ground() {
        tree::mode(scratch_.path(), 0755);
        tree::directory(scratch_ / "db");
        tree::directory(scratch_ / "tmp");
        uid_t uid = 0;
        gid_t gid = 0;
        if (::geteuid() == 0) {
            REQUIRE(cage_account(uid, gid));
            tree::must(::chown((scratch_ / "tmp").c_str(), uid, gid) == 0, "chown");
        }
        options_.directory = scratch_.path();
        options_.change_user = ::geteuid() == 0;
    }
    void add(const std::string &name, const std::string &content) const {
        tree::file(scratch_ / ("db/" + name), content);
    }
    void add_eicar() const { add("test.ndb", "Test-Eicar:0:0:" + hex(engines::eicar()) + "\n"); }
    [[nodiscard]] CagedEngineOptions &options() { return options_; }
    [[nodiscard]] Fd file(const std::string &content) const {
        tree::file(scratch_ / "file", content);
        auto fd = engines::open(scratch_ / "file");
        std::filesystem::remove(scratch_ / "file");
        return fd;
    }

  private:
    tree::Scratch scratch_;
    CagedEngineOptions options_;
};

std::string why(const Result<CagedEngine> &engine) {
    return engine ? "loaded" : engine.error().text();
}

} // namespace

TEST_CASE("a caged engine loads and scans") {
    Ground ground;
    ground.add_eicar();
    auto engine = CagedEngine::load(ground.options());
    INFO(why(engine));
    REQUIRE(engine);
    CHECK(engine->signatures() == 1);
    const auto infected = engine->scan(ground.file(engines::eicar()).get(), "eicar.com");
    REQUIRE(infected);
    CHECK(engines::text(*infected) == std::string("infected ") + engines::signature + " ");
    const auto clean = engine->scan(ground.file("harmless").get(), "harmless");
    REQUIRE(clean);
    CHECK(clean->verdict == Verdict::clean);
}

TEST_CASE("a caged engine says why signatures do not load") {
    Ground ground;
    ground.add("bad.ndb", "this is no signature\n");
    const auto engine = CagedEngine::load(ground.options());
    CHECK(why(engine).find("bad.ndb") != std::string::npos);
    CHECK(why(engine).find(ground.options().directory) == std::string::npos);
    CHECK(processes::children().empty());
}

TEST_CASE("a caged engine without signatures is none") {
    Ground ground;
    CHECK(why(CagedEngine::load(ground.options())) != "loaded");
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a caged engine keeps to its memory") {
    Ground ground;
    std::string many;
    constexpr int lines = 200000;
    for (int i = 0; i < lines; ++i) {
        char line[128];
        std::snprintf(line, sizeof line, "%064x:%d:Test-%d\n", i * 7919, 1000 + i, i);
        many += line;
    }
    ground.add("many.hsb", many);
    CHECK(why(CagedEngine::load(ground.options())) == "loaded");
    ground.options().memory = 8 << 20;
    CHECK(why(CagedEngine::load(ground.options())) != "loaded");
    CHECK(processes::children().empty());
}
#endif

TEST_CASE("a caged engine that is killed is an error, then and later") {
    Ground ground;
    ground.add_eicar();
    auto engine = CagedEngine::load(ground.options());
    REQUIRE(engine);
    const auto children = processes::children();
    REQUIRE(children.size() == 1);
    REQUIRE(processes::kill_and_wait(children.front()));
    for (int i = 0; i < 2; ++i) {
        const auto report = engine->scan(ground.file("harmless").get(), "harmless");
        REQUIRE_FALSE(report);
        CHECK(report.error().why.find("Killed") != std::string::npos);
    }
}

TEST_CASE("a caged engine that never answers is given up") {
    Ground ground;
    ground.add_eicar();
    ground.options().file_limit = std::chrono::seconds(1);
    auto engine = CagedEngine::load(ground.options());
    REQUIRE(engine);
    REQUIRE(processes::stop(processes::children().front()));
    const auto report = engine->scan(ground.file("harmless").get(), "harmless");
    REQUIRE_FALSE(report);
    CHECK(report.error().why == "took more than 1 s");
    CHECK(processes::children().empty());
}

TEST_CASE("an ordinary user's caged engine loads") {
    if (::geteuid() != 0) {
        SUCCEED("the other tests are this one");
        return;
    }
    Ground ground;
    ground.add_eicar();
    constexpr uid_t nobody = 65534;
    for (const char *part : {"", "/db", "/tmp", "/db/test.ndb"})
        tree::must(::chown((ground.options().directory + part).c_str(), nobody, nobody) == 0, part);
    ground.options().change_user = false;
    const auto lines = tree::in_child([&] {
        tree::must(::setgroups(0, nullptr) == 0 && ::setgid(nobody) == 0 && ::setuid(nobody) == 0,
                   "become nobody");
        return tree::Lines{why(CagedEngine::load(ground.options()))};
    });
    CHECK(lines == tree::Lines{"loaded"});
}
