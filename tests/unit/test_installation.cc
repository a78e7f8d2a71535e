// SPDX-License-Identifier: GPL-2.0-only
//
// Sets on disk: what is known of files, what differs, installing, recovering, going back.
#include "update/installation.h"

#include "base/files.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"
#include "update/holds.h"

using namespace hostav;

namespace {

std::string read(const std::string &path) {
    const auto bytes = read_file(AT_FDCWD, path, 1000);
    return bytes ? *bytes : "none";
}

/// A live directory with a.hdb and b.hdb, and a staging directory with the next of both.
class Stage {
  public:
    Stage() {
        tree::directory(scratch_ / "db");
        auto places = Places::open(scratch_ / "db", std::nullopt);
        REQUIRE(places);
        places_.emplace(std::move(*places));
        tree::file(live("a.hdb"), "old a\n");
        tree::file(live("b.hdb"), "old b\n");
        tree::file(live("local.hdb"), "local\n");
        REQUIRE(places_->make_empty("staging"));
        tree::file(staged("a.hdb"), "new a\n");
        tree::file(staged("c.hdb"), "new c\n");
    }
    [[nodiscard]] std::string live(const std::string &name) const {
        return scratch_ / ("db/" + name);
    }
    [[nodiscard]] std::string staging() const { return places_->state() + "/staging"; }
    [[nodiscard]] std::string staged(const std::string &name) const {
        return staging() + "/" + name;
    }
    [[nodiscard]] std::string control(const std::string &name) const {
        return places_->control() + "/" + name;
    }
    [[nodiscard]] const Places &places() const { return *places_; }
    [[nodiscard]] DatabaseSet live_set() const {
        auto set = read_database_set(places_->database_fd(), {});
        REQUIRE(set);
        for (auto &file : set->files)
            file.managed = file.name != "local.hdb";
        return *set;
    }
    [[nodiscard]] DatabaseSet next_set() const {
        const Fd fd(::open(staging().c_str(), O_RDONLY | O_DIRECTORY));
        auto set = read_database_set(fd.get(), {});
        REQUIRE(set);
        for (auto &file : set->files)
            file.managed = true;
        return *set;
    }
    [[nodiscard]] Result<DatabaseSet> install_all() const {
        const auto now = live_set();
        const auto next = next_set();
        return install(places(), staging(), now, difference(now, next), next);
    }
    [[nodiscard]] bool is_new() const {
        return read(live("a.hdb")) == "new a\n" && read(live("b.hdb")) == "none" &&
               read(live("c.hdb")) == "new c\n";
    }
    [[nodiscard]] bool is_old() const {
        return read(live("a.hdb")) == "old a\n" && read(live("b.hdb")) == "old b\n" &&
               read(live("c.hdb")) == "none";
    }

  private:
    tree::Scratch scratch_;
    std::optional<Places> places_;
};

/// As install() leaves it when it is killed right after the journal.
void interrupt(const Stage &stage) {
    const auto now = stage.live_set();
    const auto next = stage.next_set();
    REQUIRE(replace_file(stage.places().control_fd(), "next", set_text(next), 0644));
    REQUIRE(replace_file(stage.places().control_fd(), journal_name,
                         journal_text({stage.staging(), difference(now, next)}), 0644));
}

} // namespace

TEST_CASE("a difference is of managed files only") {
    const Stage stage;
    const auto changes = difference(stage.live_set(), stage.next_set());
    REQUIRE(changes.size() == 3);
    CHECK(changes[0].name == "a.hdb");
    CHECK(changes[1].name == "c.hdb");
    CHECK(changes[1].old_sha256.empty());
    CHECK(changes[2].name == "b.hdb");
    CHECK(changes[2].new_sha256.empty());
    CHECK(difference(stage.live_set(), stage.live_set()).empty());
}

TEST_CASE("a set survives being written down") {
    const Stage stage;
    auto set = stage.live_set();
    set.number = 7;
    set.installed = 1234567;
    set.eicar = "Eicar-Signature";
    const auto again = parse_set(set_text(set), "set");
    REQUIRE(again);
    CHECK(again->number == 7);
    CHECK(again->eicar == "Eicar-Signature");
    REQUIRE(again->files.size() == 3);
    CHECK(again->files[0].sha256 == set.files[0].sha256);
    CHECK(again->files[0].managed);
    CHECK_FALSE(again->find("local.hdb")->managed);
    for (const char *bad : {"", "{", "{}\n{\"name\":\"../x.hdb\"}\n", "{}\n{\"name\":\"x\"}\n",
                            "{\"set\":1}\n{\"name\":\"a.hdb\""}) {
        INFO(bad);
        CHECK_FALSE(parse_set(bad, "set"));
    }
}

TEST_CASE("digests are computed again only when a file has changed") {
    const Stage stage;
    auto known = stage.live_set();
    known.files[0].sha256 = std::string(64, 'f'); // a lie, to be seen
    const auto same = read_database_set(stage.places().database_fd(), {&known});
    REQUIRE(same);
    CHECK(same->files[0].sha256 == known.files[0].sha256);
    std::filesystem::remove(stage.live("a.hdb"));
    tree::file(stage.live("a.hdb"), "something else\n");
    const auto changed = read_database_set(stage.places().database_fd(), {&known});
    REQUIRE(changed);
    CHECK(changed->files[0].sha256 != known.files[0].sha256);
    CHECK(changed->files[0].managed);
}

TEST_CASE("an installation replaces, adds and removes, and keeps what was") {
    const Stage stage;
    const auto installed = stage.install_all();
    INFO((installed ? "" : installed.error().text()));
    REQUIRE(installed);
    CHECK(stage.is_new());
    CHECK(read(stage.live("local.hdb")) == "local\n");
    CHECK(read(stage.control(journal_name)) == "none");
    CHECK(read_current(stage.places()).number == installed->number);
    const auto kept = kept_sets(stage.places());
    REQUIRE(kept);
    REQUIRE(kept->size() == 1);
    CHECK((*kept)[0].set.files.size() == 2);
    CHECK(read((*kept)[0].path + "/a.hdb") == "old a\n");
    prune_kept_sets(stage.places(), 0);
    CHECK(kept_sets(stage.places())->empty());
}

TEST_CASE("an installation does not touch what somebody else has changed") {
    const Stage stage;
    const auto now = stage.live_set();
    const auto next = stage.next_set();
    std::filesystem::remove(stage.live("a.hdb"));
    tree::file(stage.live("a.hdb"), "theirs\n");
    CHECK_FALSE(install(stage.places(), stage.staging(), now, difference(now, next), next));
    CHECK(read(stage.live("a.hdb")) == "theirs\n");
    CHECK(read(stage.control(journal_name)) == "none");
}

TEST_CASE("an interrupted installation goes forward, however far it was") {
    for (const char *done : {"", "a.hdb", "c.hdb", "b.hdb"}) {
        INFO(done);
        const Stage stage;
        interrupt(stage);
        if (*done == 'b')
            std::filesystem::remove(stage.live("b.hdb"));
        else if (*done != '\0')
            std::filesystem::rename(stage.staged(done), stage.live(done));
        const auto recovered = recover(stage.places());
        REQUIRE(recovered);
        CHECK(*recovered == Recovery::forward);
        CHECK(stage.is_new());
        CHECK(read_current(stage.places()).files.size() == 2);
        CHECK(*recover(stage.places()) == Recovery::nothing);
    }
}

TEST_CASE("an interrupted installation that cannot go forward goes back") {
    const Stage stage;
    REQUIRE(stage.install_all()); // keeps the old set
    const auto kept = kept_sets(stage.places());
    REQUIRE(kept);
    // As if the disk had lost the new c.hdb after the first rename.
    for (const char *name : {"b.hdb"})
        tree::file(stage.live(name), "old b\n");
    std::filesystem::remove(stage.live("c.hdb"));
    const auto old_a = (*kept)[0].set.find("a.hdb")->sha256;
    const auto new_a = read_current(stage.places()).find("a.hdb")->sha256;
    const auto old_b = (*kept)[0].set.find("b.hdb")->sha256;
    const Journal journal{
        stage.staging(),
        {{"a.hdb", old_a, new_a}, {"c.hdb", "", std::string(64, 'c')}, {"b.hdb", old_b, ""}}};
    REQUIRE(replace_file(stage.places().control_fd(), journal_name, journal_text(journal), 0644));
    const auto recovered = recover(stage.places());
    INFO((recovered ? "" : recovered.error().text()));
    REQUIRE(recovered);
    CHECK(*recovered == Recovery::back);
    CHECK(stage.is_old());
}

TEST_CASE("what can be neither completed nor undone is said") {
    const Stage stage;
    const Journal journal{stage.staging(), {{"a.hdb", std::string(64, 'a'), std::string(64, 'b')}}};
    REQUIRE(replace_file(stage.places().control_fd(), journal_name, journal_text(journal), 0644));
    const auto recovered = recover(stage.places());
    REQUIRE_FALSE(recovered);
    CHECK(recovered.error().text().find("a.hdb") != std::string::npos);
    for (const char *bad :
         {"", "{}\n", "{\"source\":\"relative\"}\n",
          "{\"source\":\"/x\"}\n{\"name\":\"../a.hdb\",\"old\":\"\",\"new\":\"\"}\n",
          "{\"source\":\"/x\"}\n{\"name\":\"a.hdb\"}\n", "{\"source\":\"/x\"}"}) {
        INFO(bad);
        CHECK_FALSE(parse_journal(bad, "journal"));
    }
}

TEST_CASE("places are where they should be, and only there") {
    const tree::Scratch scratch;
    CHECK_FALSE(Places::open(scratch / "none", std::nullopt));
    tree::directory(scratch / "db");
    tree::link("/tmp", scratch / "db/.hostav");
    CHECK_FALSE(Places::open(scratch / "db", std::nullopt));
    std::filesystem::remove(scratch / "db/.hostav");
    const auto places = Places::open(scratch / "db", scratch / "state");
    REQUIRE(places);
    CHECK(places->state() == scratch / "state");
    CHECK_FALSE(Places::open(scratch / "db", "/proc/self"));
    pid_t holder = 0;
    const auto lock = Lock::take(places->control_fd(), "run.lock", holder);
    REQUIRE(lock);
    REQUIRE(*lock);
    const auto lines = tree::in_child([&] {
        pid_t who = 0;
        const auto second = Lock::take(places->control_fd(), "run.lock", who);
        return tree::Lines{second && !*second && who == ::getppid() ? "held" : "taken",
                           Lock::wait_for(places->control_fd(), "run.lock", 0) ? "got" : "not got"};
    });
    CHECK(lines == tree::Lines{"held", "not got"});
}

TEST_CASE("holds are remembered") {
    const Stage stage;
    CHECK(read_holds(stage.places())->empty());
    const auto hold = parse_hold("daily=27800");
    REQUIRE(hold);
    REQUIRE(write_holds(stage.places(), {*hold, {"x.hdb", "0123456789ab", HoldKind::rolled_back}}));
    const auto holds = read_holds(stage.places());
    REQUIRE(holds);
    CHECK(is_held(*holds, "daily"));
    CHECK_FALSE(is_held(*holds, "x.hdb"));
    CHECK((*holds)[1].kind == HoldKind::rolled_back);
    for (const char *bad : {"", "daily", "=1", "daily=", "../x=1"})
        CHECK_FALSE(parse_hold(bad));
}
