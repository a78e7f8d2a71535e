// SPDX-License-Identifier: GPL-2.0-only
//
// --quarantine and --restore on real files: inert in there, whole again afterwards, and nothing
// lost or overwritten on any way between.
#include "store/quarantine.h"

#include "base/digest.h"
#include "base/json.h"
#include "tests/support/catch.h"
#include "tests/support/infected.h"

#include <map>

namespace {

using hostav::Action;
using hostav::restore_quarantined;
using namespace infected;
using tree::Lines;

struct Place {
    tree::Scratch scratch;
    std::string in = scratch / "in";
    std::string q = scratch / "q";
    Place() {
        tree::directory(in);
        tree::file(in + "/bad", "EVIL");
    }
    /// Quarantines `in/name`; returns the path of what is in the quarantine now.
    [[nodiscard]] std::string store(const std::string &name = "bad") const {
        Lines before = exists(q) ? names(q) : Lines{};
        const auto result = act(Action::quarantine, q, in_directory(in, name));
        INFO(result.message);
        REQUIRE(result.done);
        for (const std::string &now : names(q))
            if (std::ranges::find(before, now) == before.end() && !now.ends_with(".json"))
                return q + "/" + now;
        FAIL("nothing new in the quarantine");
        return "";
    }
    void rewrite_record(const std::string &stored, const std::string &from,
                        const std::string &to) const {
        std::string text = read(stored + ".json");
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        std::filesystem::remove(stored + ".json");
        tree::file(stored + ".json", text);
    }
};

std::string restored(const std::string &stored) {
    const auto result = restore_quarantined(stored);
    return result ? *result : "error: " + result.error().text();
}

bool same_time(const struct timespec &a, const struct timespec &b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

} // namespace

TEST_CASE("quarantine: a file is kept inert, with a record of what it was") {
    const Place place;
    tree::mode(place.in + "/bad", 04751);
    age(place.in + "/bad");
    const Open open = in_directory(place.in, "bad");
    const auto result = act(Action::quarantine, place.q, open);
    const std::string digest = hostav::sha256_of("EVIL");
    const std::string name = digest.substr(0, 16) + "-bad";
    CHECK(result.message == place.in + "/bad: quarantined to '" + place.q + "/" + name + "'");
    REQUIRE(result.done);
    CHECK(names(place.in).empty());
    CHECK(names(place.q) == Lines{name, name + ".json"});
    CHECK((status(place.q).st_mode & 07777) == 0700);
    CHECK((status(place.q + "/" + name).st_mode & 07777) == 0400);
    CHECK((status(place.q + "/" + name + ".json").st_mode & 07777) == 0400);
    CHECK(status(place.q + "/" + name).st_uid == geteuid());
    CHECK(status(place.q + "/" + name).st_ino != open.file.st.st_ino);
    CHECK(read(place.q + "/" + name) == "EVIL");

    const auto record = hostav::parse_flat_json(read(place.q + "/" + name + ".json"), "record");
    REQUIRE(record);
    CHECK(record->at("version") == "1");
    CHECK(record->at("origin") == place.in + "/bad");
    CHECK(record->at("uid") == std::to_string(geteuid()));
    CHECK(record->at("gid") == std::to_string(open.file.st.st_gid));
    CHECK(record->at("mode") == "4751");
    CHECK(record->at("mtime") == "1577934245.123456789");
    CHECK(record->at("atime").starts_with(std::to_string(open.file.st.st_atim.tv_sec) + "."));
    CHECK(record->at("size") == "4");
    CHECK(record->at("sha256") == digest);
    CHECK(record->at("signatures") == "Eicar-Test-Signature Other.UNOFFICIAL");
    CHECK(record->at("quarantined").starts_with("20"));
    CHECK(record->at("quarantined").ends_with("Z"));
    CHECK_FALSE(record->at("host").empty());
}

TEST_CASE("quarantine: the same content twice gets names of its own") {
    const Place place;
    const std::string first = place.store();
    tree::file(place.in + "/bad", "EVIL");
    const std::string second = place.store();
    CHECK(second == first + ".1");
    CHECK(names(place.q).size() == 4);
    CHECK(restored(second) == place.in + "/bad");
    CHECK(names(place.q).size() == 2);
}

TEST_CASE("quarantine: a record without its file is not overwritten") {
    const Place place;
    const std::string first = place.store();
    const std::string record = read(first + ".json");
    std::filesystem::remove(first);
    tree::file(place.in + "/bad", "EVIL");
    CHECK(place.store() == first + ".1");
    CHECK(read(first + ".json") == record);
}

TEST_CASE("quarantine: any name comes back as it was") {
    const Place place;
    const std::string plain = hostav::sha256_of("EVIL").substr(0, 16) + "-";
    const std::map<std::string, std::string> cases = {
        {"new\nline FOUND", "new_line_FOUND"},
        {"bytes\xff\x80\x1b[31m\\", "bytes____31m_"},
        {"x.json", "x_json"},
        {"-rf *", "-rf__"},
        {".hidden", ".hidden"},
        {std::string(255, 'n'), std::string(100, 'n')},
        {std::string(95, 'j') + ".json" + ".txt", std::string(95, 'j') + "_json"},
    };
    for (const auto &[name, harmless] : cases) {
        tree::file(place.in + "/" + name, "EVIL");
        const std::string stored = place.store(name);
        CHECK(stored == place.q + "/" + plain + harmless);
        CHECK_FALSE(exists(place.in + "/" + name));
        CHECK(restored(stored) == place.in + "/" + name);
        CHECK(read(place.in + "/" + name) == "EVIL");
        CHECK(names(place.q).empty());
    }
}

TEST_CASE("quarantine: through a link the file itself is taken") {
    const Place place;
    tree::link("bad", place.in + "/link");
    const auto result =
        act(Action::quarantine, place.q, by_link(place.in + "/link", place.in + "/bad"));
    CHECK(result.done);
    CHECK(names(place.in) == Lines{"link"});
    CHECK(restored(place.q + "/" + names(place.q)[0]) == place.in + "/bad");
}

TEST_CASE("quarantine: what is in it already stays") {
    const Place place;
    const std::string stored = place.store();
    const std::string name = std::filesystem::path(stored).filename();
    const auto result = act(Action::quarantine, place.q, in_directory(place.q, name));
    CHECK(result.done);
    CHECK(result.message == stored + ": already in quarantine");
    CHECK(names(place.q).size() == 2);
}

TEST_CASE("quarantine: a directory that others could write to is refused") {
    const Place place;
    const auto why = [](const std::string &directory) {
        const auto opened = hostav::open_quarantine(directory, true);
        return opened ? std::string("none") : opened.error().text();
    };
    tree::directory(place.q);
    CHECK(why(place.q + "/") == "none"); // 0755: others may look, not write
    tree::mode(place.q, 0770);
    CHECK(why(place.q) == place.q + ": others may write to it");
    tree::mode(place.q, 01707);
    CHECK(why(place.q) == place.q + ": others may write to it");
    tree::mode(place.q, 0700);
    tree::link("q", place.scratch / "link");
    CHECK(why(place.scratch / "link") == (place.scratch / "link") + ": is a symbolic link");
    CHECK(why(place.in + "/bad") == place.in + "/bad: Not a directory");
    CHECK(why(place.scratch / "no/such") ==
          (place.scratch / "no/such") + ": No such file or directory");
    if (not_root("quarantine: another user's directory"))
        return;
    tree::must(::chown(place.q.c_str(), ordinary_user, ordinary_user) == 0, "chown");
    CHECK(why(place.q) == place.q + ": belongs to somebody else");
}

TEST_CASE("quarantine: what cannot be unlinked is not kept either") {
    if (not_root("quarantine: another user's directories"))
        return;
    const Place place;
    tree::directory(place.q);
    tree::mode(place.q, 0700);
    for (const std::string &path : {place.q, place.in, place.in + "/bad"})
        tree::must(::chown(path.c_str(), ordinary_user, ordinary_user) == 0, path);
    tree::mode(place.in, 0555);
    const Lines lines = tree::in_child([&place] {
        become_ordinary();
        return Lines{act(Action::quarantine, place.q, in_directory(place.in, "bad")).message};
    });
    CHECK(lines == Lines{"Can't quarantine file '" + place.in + "/bad': Permission denied"});
    CHECK(names(place.q).empty());
    CHECK(read(place.in + "/bad") == "EVIL");
}

TEST_CASE("restore: everything is as it was") {
    const Place place;
    const std::string path = place.in + "/bad";
    const bool root = geteuid() == 0;
    const std::string binary("a\0b\xff", 4);
    if (root)
        tree::must(::chown(path.c_str(), ordinary_user, 1234) == 0, path);
    tree::mode(path, 06755);
    const bool xattrs = set_xattr(path, "user.x", "y") && set_xattr(path, "user.b", binary);
    const bool armed = root && set_xattr(path, "security.capability", cap_net_raw);
    age(path);
    const std::string stored = place.store();
    CHECK(xattr(stored, "security.capability") == "none");
    CHECK(restored(stored) == path);
    CHECK(names(place.q).empty());
    const struct stat st = status(path);
    CHECK((st.st_mode & 07777) == 06755);
    CHECK(st.st_uid == (root ? ordinary_user : geteuid()));
    CHECK((!root || st.st_gid == 1234));
    CHECK(same_time(st.st_mtim, old_change));
    CHECK(st.st_nlink == 1);
    CHECK(xattr(path, "user.x") == (xattrs ? "y" : "none"));
    CHECK(xattr(path, "user.b") == (xattrs ? binary : "none"));
    CHECK(xattr(path, "security.capability") == (armed ? cap_net_raw : "none"));
    CHECK(read(path) == "EVIL");
}

TEST_CASE("restore: a time before 1970 comes back") {
    const Place place;
    const struct timespec times[2] = {{-5, 250000000}, {-86400, 7}};
    tree::must(::utimensat(AT_FDCWD, (place.in + "/bad").c_str(), times, 0) == 0, "utimensat");
    CHECK(restored(place.store()) == place.in + "/bad");
    CHECK(same_time(status(place.in + "/bad").st_mtim, times[1]));
}

TEST_CASE("restore: nothing is ever overwritten") {
    for (const bool dangling : {false, true}) {
        const Place place;
        const std::string stored = place.store();
        if (dangling)
            tree::link("nowhere", place.in + "/bad");
        else
            tree::file(place.in + "/bad", "precious");
        CHECK(restored(stored) == "error: " + place.in + "/bad: File exists");
        CHECK(names(place.q).size() == 2);
        CHECK(names(place.in) == Lines{"bad"});
        CHECK(read(place.in + "/bad") == (dangling ? "" : "precious"));
    }
}

TEST_CASE("restore: a directory that is gone, or a link now, is an error") {
    const Place place;
    const std::string stored = place.store();
    std::filesystem::rename(place.in, place.scratch / "elsewhere");
    CHECK(restored(stored) == "error: " + place.in + ": No such file or directory");
    tree::link("elsewhere", place.in);
    CHECK(restored(stored) ==
          "error: " + place.in + ": not a directory, or a symbolic link on the way");
    CHECK(names(place.scratch / "elsewhere").empty());
    CHECK(names(place.q).size() == 2);
}

TEST_CASE("restore: a link further up the way is not followed either") {
    const Place place;
    tree::directory(place.in + "/sub");
    tree::file(place.in + "/sub/bad", "EVIL");
    const auto result = act(Action::quarantine, place.q, in_directory(place.in + "/sub", "bad"));
    REQUIRE(result.done);
    std::filesystem::rename(place.in, place.scratch / "elsewhere");
    tree::link("elsewhere", place.in);
    CHECK(restored(place.q + "/" + names(place.q)[0]).starts_with("error: "));
    CHECK(names(place.scratch / "elsewhere/sub").empty());
}

TEST_CASE("restore: content that is not what was stored stays there") {
    const Place place;
    const std::string stored = place.store();
    tree::mode(stored, 0600);
    std::ofstream(stored) << "LIVE";
    CHECK(restored(stored) ==
          "error: " + stored + ": its content is not what its record says (SHA-256 differs)");
    CHECK(names(place.in).empty());
    CHECK(names(place.q).size() == 2);
}

TEST_CASE("restore: a missing file or record is named") {
    const Place place;
    const std::string stored = place.store();
    CHECK(restored(place.q + "/nothing") ==
          "error: " + place.q + "/nothing: No such file or directory");
    std::filesystem::rename(stored + ".json", place.q + "/other");
    const std::string name = std::filesystem::path(stored).filename();
    CHECK(restored(stored) ==
          "error: " + stored + ": no record of it (" + name + ".json) beside it");
    tree::link("other", stored + ".json");
    CHECK(restored(stored).starts_with("error: " + stored + ".json: "));
    CHECK(names(place.in).empty());
}

TEST_CASE("restore: a malformed record is refused, field by field") {
    const std::string digest = hostav::sha256_of("EVIL");
    const std::map<std::string, std::pair<std::string, std::string>> cases = {
        {"version", {"\"version\":1", "\"version\":2"}},
        {"origin", {"\"origin\":\"/tmp/", "\"origin\":\"/tmp/../tmp/"}},
        {"uid", {"\"uid\":", "\"uid\":-1,\"old\":"}},
        {"gid", {"\"gid\":", "\"gid\":4294967295,\"old\":"}},
        {"mode", {"\"mode\":\"0644\"", "\"mode\":\"10644\""}},
        {"mtime", {"\"mtime\":\"", "\"mtime\":\"x"}},
        {"atime", {"\"atime\":\"", "\"atime\":\"1.2\",\"old\":\""}},
        {"size", {"\"size\":4", "\"size\":\"four\""}},
        {"sha256", {digest, digest.substr(1)}},
    };
    for (const auto &[field, change] : cases) {
        const Place place;
        const std::string stored = place.store();
        place.rewrite_record(stored, change.first, change.second);
        CHECK(restored(stored) == "error: " + stored + ".json: malformed record: " + field);
        CHECK(names(place.in).empty());
        CHECK(exists(stored));
    }
    const Place place;
    const std::string stored = place.store();
    place.rewrite_record(stored, "{", "");
    CHECK(restored(stored) == "error: " + stored + ".json: malformed JSON");
}

TEST_CASE("restore: a quarantine that others could have written is not believed") {
    const Place place;
    const std::string stored = place.store();
    tree::mode(place.q, 0777);
    CHECK(restored(stored) == "error: " + place.q + ": others may write to it");
    tree::mode(place.q, 0700);
    if (not_root("quarantine: another user's record"))
        return;
    tree::must(::chown((stored + ".json").c_str(), ordinary_user, 0) == 0, "chown");
    CHECK(restored(stored) == "error: " + stored + ".json: belongs to somebody else");
    CHECK(names(place.in).empty());
}

TEST_CASE("restore: an ordinary user gets back what was his, and only that") {
    if (not_root("quarantine: restoring as another user"))
        return;
    const Place place;
    const std::string stored = place.store();
    for (const std::string &path : {place.q, place.in, stored, stored + ".json"})
        tree::must(::chown(path.c_str(), ordinary_user, ordinary_user) == 0, path);
    const auto as_ordinary = [&stored] {
        return tree::in_child([&stored] {
            become_ordinary();
            return Lines{restored(stored)};
        });
    };
    CHECK(as_ordinary() == Lines{"error: " + stored + ": belonged to user 0, whom only root can " +
                                 "give it back to"});
    CHECK(names(place.in).empty());
    CHECK(names(place.q).size() == 2);

    // His own, of a group that he is not in: that group's rights go to nobody else.
    place.rewrite_record(stored, "\"uid\":0", "\"uid\":65534");
    place.rewrite_record(stored, "\"mode\":\"0644\"", "\"mode\":\"2664\"");
    tree::must(::chown((stored + ".json").c_str(), ordinary_user, ordinary_user) == 0, "chown");
    CHECK(as_ordinary() == Lines{place.in + "/bad"});
    const struct stat st = status(place.in + "/bad");
    CHECK((st.st_mode & 07777) == 0644);
    CHECK(st.st_uid == ordinary_user);
    CHECK(st.st_gid == ordinary_user);
    CHECK(names(place.q).empty());
}
