// SPDX-License-Identifier: GPL-2.0-only
//
// Small parts of the updater: exceptions, commands, waits, the bar, children and accounts.
#include "base/account.h"
#include "base/child.h"
#include "net/http.h"
#include "tests/support/catch.h"
#include "tests/support/processes.h"
#include "tests/support/tree.h"
#include "update/aftermath.h"
#include "update/allow.h"
#include "update/resident.h"
#include "update/tell.h"

#include <sys/socket.h>

using namespace hostav;
using namespace std::chrono_literals;

TEST_CASE("what may be allowed") {
    const tree::Scratch scratch;
    tree::file(scratch / "file", "content");
    const auto file = parse_allowed(scratch / "file", "");
    REQUIRE(file);
    CHECK(file->size == 7);
    CHECK(file->key().ends_with(":7"));
    CHECK(parse_allowed(std::string(64, 'A') + ":12", "")->key() == std::string(64, 'a') + ":12");
    CHECK(parse_allowed("Win.Trojan.X-1.UNOFFICIAL", "")->signature == "Win.Trojan.X-1");
    CHECK_FALSE(parse_allowed("My-Eicar", "My-Eicar.UNOFFICIAL"));
    CHECK_FALSE(parse_allowed("Eicar-Signature", ""));
    for (const char *bad : {"", "a b", "a:b", "/nonexistent", "\033[1m", "a;b", "#a"}) {
        INFO(bad);
        CHECK_FALSE(parse_allowed(bad, ""));
    }
}

TEST_CASE("until when") {
    constexpr std::time_t now = 1700000000;
    CHECK(*parse_expiry("30d", now) == now + 30 * 86400);
    CHECK(*parse_expiry("12h", now) == now + 12 * 3600);
    CHECK(*parse_expiry("2w", now) == now + 14 * 86400);
    CHECK(*parse_expiry("2099-12-31", now) > now);
    CHECK(*parse_expiry("2099-12-31 10:30", now) - *parse_expiry("2099-12-31", now) == 37800);
    for (const char *bad :
         {"", "d", "0d", "x", "1y", "2001-01-01", "2099-13-01", "99999999d", "-1d"}) {
        INFO(bad);
        CHECK_FALSE(parse_expiry(bad, now));
    }
    Allowed entry;
    entry.signature = "X";
    entry.expires = now;
    std::vector<std::string> expired;
    CHECK(still_allowed({entry}, now - 1, expired).size() == 1);
    CHECK(still_allowed({entry}, now, expired).empty());
    CHECK(expired == std::vector<std::string>{"X"});
}

TEST_CASE("a version from the network does not reach the shell") {
    CHECK(*expand_command("O", "say %v", "1.4.6") == "say 1.4.6");
    CHECK(*expand_command("O", "%v%v %% %x", "1") == "11 % %x");
    CHECK(*expand_command("O", "no version", "$(rm)") == "no version");
    for (const char *bad : {"", "1;x", "$(x)", "1 2", "`x`", "a\nb", "'"}) {
        INFO(bad);
        CHECK_FALSE(expand_command("O", "say %v", bad));
    }
}

TEST_CASE("a fleet does not arrive at once") {
    const ResidentOptions daily{1, 100s};
    CHECK(first_wait(daily, 0.0) == 0s);
    CHECK(first_wait(daily, 0.5) == 43200s);
    CHECK(first_wait(daily, 0.999999) < 86400s);
    CHECK(first_wait({24, 3600s}, 0.5) == 0s); // not looked at for an interval
    CHECK(first_wait({24, 3599s}, 0.5) == 1800s);
    CHECK(interval({0, 0s}) == 86400s);
}

TEST_CASE("old signatures are warned of") {
    DatabaseSet set;
    CHECK(age_warning(set, 7, 1000000).empty());
    set.files.emplace_back().built_time = 1000000;
    constexpr std::time_t day = 86400;
    CHECK(age_warning(set, 7, 1000000 + 7 * day).empty());
    CHECK(age_warning(set, 7, 1000000 + 9 * day).find("9 days old") != std::string::npos);
    CHECK(age_warning(set, 0, 1000000 + 9 * day).empty());
}

TEST_CASE("URLs are shown without their secrets") {
    CHECK(printable_url("https://user:pw@host/x.hdb?token=1#sha256=2") == "https://host/x.hdb");
    CHECK(printable_url("http://host/a@b") == "http://host/a@b");
    CHECK(printable_url("http://h/\033[2J") == "http://h/\\033[2J");
}

TEST_CASE("libfreshclam's progress becomes ours") {
    int ends[2];
    tree::must(::pipe(ends) == 0, "pipe");
    const Fd reading(ends[0]);
    {
        const Fd writing(ends[1]);
        DownloadBar bar(writing.get(), true, true);
        CHECK(bar.relay("daily.cvd", "Time:    1.0s, ETA:    0.0s [========================>]   "
                                     "57.54MiB/57.54MiB"));
        CHECK_FALSE(bar.relay("daily.cvd", "OK"));
        CHECK_FALSE(bar.relay("daily.cvd", "[x] a/b"));
        bar.step("x.hdb", 512, 1024); // no line before it is complete
        bar.step("x.hdb", 1024, 1024);
    }
    char text[1000] = {};
    tree::must(::read(reading.get(), text, sizeof text - 1) > 0, "read");
    const auto lines = tree::split(text);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].starts_with("daily.cvd  "));
    CHECK(lines[0].ends_with("[=========================]   57.54MiB/57.54MiB"));
    CHECK(lines[1].ends_with("1.00KiB/1.00KiB"));
}

TEST_CASE("a child's status and output come back") {
    std::string said;
    auto child = Child::start({.name = "child", .capture_output = true}, [] {
        std::printf("out\n");
        std::fprintf(stderr, "err\n");
        return 7;
    });
    REQUIRE(child);
    const auto status = child->wait(60s, nullptr, [&](std::string_view piece) { said += piece; });
    REQUIRE(status);
    CHECK(*status == 7);
    CHECK(said.find("out\n") != std::string::npos);
    CHECK(said.find("err\n") != std::string::npos);
}

TEST_CASE("a child that does not end is killed, and its group") {
    auto child = Child::start({.name = "sleeper", .own_group = true}, [] {
        ::execlp("sh", "sh", "-c", "sleep 1000 & sleep 1000", static_cast<char *>(nullptr));
        return 1;
    });
    REQUIRE(child);
    const auto status = child->wait(200ms, nullptr);
    REQUIRE_FALSE(status);
    CHECK(status.error().what == "sleeper");
    CHECK(processes::children().empty());
}

TEST_CASE("a child that is killed is an error") {
    auto child = Child::start({.name = "victim"}, [] {
        ::raise(SIGKILL);
        return 0;
    });
    REQUIRE(child);
    const auto status = child->wait(60s, nullptr);
    REQUIRE_FALSE(status);
    CHECK(status.error().why.find("Killed") != std::string::npos);
}

TEST_CASE("accounts are found, acted as and become") {
    CHECK_FALSE(*find_account("there-is-no-such-account"));
    const auto nobody = find_account("nobody");
    REQUIRE(nobody);
    REQUIRE(*nobody);
    if (::geteuid() != 0) {
        std::fprintf(stderr, "SKIP: acting as another account needs root\n");
        return;
    }
    const auto &account = **nobody;
    const auto lines = tree::in_child([&] {
        tree::Lines said;
        const auto note = [&said] {
            uid_t real = 0;
            uid_t effective = 0;
            uid_t saved = 0;
            ::getresuid(&real, &effective, &saved);
            said.push_back(std::to_string(real) + " " + std::to_string(effective) + " " +
                           std::to_string(saved));
        };
        tree::must(act_as(account).has_value(), "act_as");
        note();
        {
            const AsRoot root;
            note();
        }
        note();
        tree::must(become(account).has_value(), "become");
        note();
        const AsRoot root;
        note();
        return said;
    });
    const auto uid = std::to_string(account.uid);
    const auto all = uid + " " + uid + " " + uid;
    CHECK(lines == tree::Lines{"0 " + uid + " 0", "0 0 0", "0 " + uid + " 0", all, all});
}
