// SPDX-License-Identifier: GPL-2.0-only
//
// What logship writes for people: rejects, the status of streams, complaints.
#include "base/fd.h"
#include "base/json.h"
#include "base/complaints.h"
#include "ship/reject_file.h"
#include "ship/status.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>

using namespace hostav;

namespace {

std::string content(const std::string &path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

struct Rejects {
    tree::Scratch scratch;
    Fd directory{::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    RejectFile file{directory.get()};
    Result<void> add(const std::string &message) {
        return file.add({"group", "stream"}, "/a\n\xFF", {{-1, 7, message, "why"}});
    }
};

/// Says to a log file, which is read back.
struct Said {
    tree::Scratch scratch;
    LogOptions log;
    Said() { log.file = scratch / "log"; }
    std::string after(const std::function<void(Complaints &)> &work) {
        {
            auto messages = Messages::open(log, {.no_terminal = true});
            REQUIRE(messages);
            Complaints complaints(*messages);
            work(complaints);
        }
        return content(scratch / "log");
    }
};

} // namespace

TEST_CASE("a reject is a line with all that is known of it") {
    Rejects rejects;
    REQUIRE(rejects.add("text \"1\""));
    REQUIRE(rejects.add(std::string(1'000'000, 'x')));
    const auto lines = content(rejects.scratch / "rejected.jsonl");
    CHECK(std::ranges::count(lines, '\n') == 2);
    const auto fields = parse_flat_json(lines.substr(0, lines.find('\n')), "line");
    REQUIRE(fields);
    CHECK(text_field(*fields, "message") == "text \"1\"");
    CHECK(text_field(*fields, "reason") == "why");
    CHECK(text_field(*fields, "offset") == "7");
    CHECK(text_field(*fields, "logStreamName") == "stream");
}

TEST_CASE("rejects have two files of 10 MB at most") {
    Rejects rejects;
    const std::string megabyte(1'000'000, 'x');
    for (int i = 0; i < 40; ++i)
        REQUIRE(rejects.add(std::to_string(i) + megabyte));
    const auto now = content(rejects.scratch / "rejected.jsonl");
    const auto before = content(rejects.scratch / "rejected.jsonl.1");
    CHECK(now.size() <= 12 << 20);
    CHECK(before.size() <= 12 << 20);
    CHECK(before.size() >= 10 << 20);
    CHECK(now.find("\"message\":\"39x") != std::string::npos);
}

TEST_CASE("a full disk leaves no half reject behind") {
    Rejects rejects;
    REQUIRE(rejects.add("first"));
    const auto before = content(rejects.scratch / "rejected.jsonl");
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
    const rlimit small{before.size() + 10, old.rlim_max};
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const bool added = rejects.add("second").has_value();
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &old) == 0);
    ::signal(SIGXFSZ, handler);
    CHECK_FALSE(added);
    CHECK(content(rejects.scratch / "rejected.jsonl") == before);
}

TEST_CASE("rejects are for their owner's eyes, and never go through a link") {
    Rejects rejects;
    REQUIRE(rejects.add("secret"));
    struct stat st = {};
    REQUIRE(::stat((rejects.scratch / "rejected.jsonl").c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
    Rejects linked;
    tree::link("elsewhere", linked.scratch / "rejected.jsonl");
    CHECK_FALSE(linked.add("x"));
    CHECK_FALSE(std::filesystem::exists(linked.scratch / "elsewhere"));
    RejectFile none;
    CHECK_FALSE(none.keeps());
    CHECK(none.add({"g", "s"}, "x", {{0, 0, "m", "w"}}));
}

TEST_CASE("a status record comes back as it was, and says whether deliveries fail") {
    const tree::Scratch scratch;
    auto state = DurableMap::open(scratch / "state", DurableMap::Access::write);
    REQUIRE(state);
    CHECK(read_status(*state, "in/", false)->text == "nothing was shipped yet\n");
    CHECK(read_status(*state, "in/", true)->text.empty());
    StreamStatus status{.last_success = 200, .last_error = 100, .error = "no \"way\""};
    status.events = 12;
    REQUIRE(state->commit({{status_key("one"), status_record(status)},
                           {status_key(std::string(600, 'n')), status_record({})},
                           {status_key("broken"), "{"}}));
    const auto good = read_status(*state, "in/", true);
    REQUIRE(good);
    CHECK(good->good);
    CHECK(good->text.find(R"("stream":"one","last_success":200,"last_error":100,)"
                          R"("error":"no \"way\"","events":12)") != std::string::npos);
    CHECK(std::ranges::count(good->text, '\n') == 3);
    status.last_error = 201;
    REQUIRE(state->commit({{status_key("one"), status_record(status)}}));
    CHECK_FALSE(read_status(*state, "in/", false)->good);
}

TEST_CASE("what repeats itself is said once, and again when it was over") {
    Said said;
    const auto text = said.after([](Complaints &complaints) {
        for (int i = 0; i < 5; ++i)
            complaints.add(Severity::warning, "kind", "it fails");
        complaints.add(Severity::warning, "other kind", "it fails, too");
        CHECK(complaints.over("kind"));
        CHECK_FALSE(complaints.over("kind"));
        complaints.add(Severity::warning, "kind", "it fails again");
    });
    CHECK(std::ranges::count(text, '\n') == 3);
    CHECK(text.find("it fails again") != std::string::npos);
}

TEST_CASE("more kinds than are remembered do not make everything said every time") {
    Said said;
    const auto text = said.after([](Complaints &complaints) {
        for (int round = 0; round < 3; ++round)
            for (int i = 0; i < 1500; ++i)
                complaints.add(Severity::warning, "kind " + std::to_string(i), "it fails");
    });
    CHECK(std::ranges::count(text, '\n') >= 1000);
    CHECK(std::ranges::count(text, '\n') <= 1500);
}
