// SPDX-License-Identifier: GPL-2.0-only
#include "follow/event_reader.h"

#include "tests/support/catch.h"

#include <random>
#include <vector>

using namespace hostav;
using namespace std::string_literals;

namespace {

constexpr std::time_t now = 1'700'000'000;
constexpr EventTime now_ms = EventTime{now} * 1000;

struct Taken {
    std::string message;
    EventTime time;
    std::uint64_t offset;
    bool operator==(const Taken &) const = default;
};

/// A reader and what came out of it.
struct Reading {
    EventFormat format;
    std::unique_ptr<EventReader> reader;
    std::vector<Taken> taken;
    std::size_t room = SIZE_MAX; ///< events after which one is refused
    TakeEvent take = [this](const Event &event) {
        if (room == 0)
            return false;
        --room;
        taken.push_back({std::string(event.message), event.time, event.offset});
        return true;
    };

    explicit Reading(EventFormat how = {}) : format(std::move(how)) {
        auto created = EventReader::create(format);
        REQUIRE(created);
        reader = std::move(*created);
    }
    Reading &feed(std::string_view bytes) {
        REQUIRE(reader->feed(bytes, now, take));
        return *this;
    }
    Reading &end(EventReader::End how) {
        REQUIRE(reader->end(how, now, take));
        return *this;
    }
    [[nodiscard]] std::vector<std::string> messages() const {
        std::vector<std::string> all;
        all.reserve(taken.size());
        for (const auto &event : taken)
            all.push_back(event.message);
        return all;
    }
};

using Messages = std::vector<std::string>;

EventFormat with_date(const std::string &format) {
    auto date = DateFormat::compile(format, TimeZone::utc, "test");
    REQUIRE(date);
    EventFormat how;
    how.date = std::move(*date);
    return how;
}

EventFormat with_start(const std::string &pattern) {
    auto start = Regex::compile(pattern, {.utf = true}, "test");
    REQUIRE(start);
    EventFormat how;
    how.start = std::move(*start);
    return how;
}

EventFormat with_encoding(const std::string &encoding) {
    EventFormat how;
    how.encoding = encoding;
    return how;
}

Messages events(EventFormat how, std::string_view bytes) {
    return Reading(std::move(how)).feed(bytes).end(EventReader::End::all).messages();
}

} // namespace

TEST_CASE("a line is an event when the next one begins", "[event_reader]") {
    Reading reading;
    CHECK(reading.feed("one\ntwo\n").messages() == Messages{"one"});
    CHECK(reading.reader->has_event());
    CHECK(reading.reader->state().offset == 4);
    CHECK(reading.end(EventReader::End::open).taken.size() == 1);
    CHECK(reading.end(EventReader::End::lines).messages() == Messages{"one", "two"});
    CHECK(reading.reader->state().offset == 8);
    CHECK_FALSE(reading.reader->has_event());
    CHECK(reading.taken[1] == Taken{"two", now_ms, 4});
}

TEST_CASE("a half line waits for its end", "[event_reader]") {
    Reading reading;
    CHECK(reading.feed("one\ntw").messages().empty());
    CHECK(reading.reader->has_half_line());
    CHECK(reading.end(EventReader::End::lines).messages() == Messages{"one"});
    CHECK(reading.reader->state().offset == 4);
    reading.feed("o\nthree\n");
    CHECK(reading.messages() == Messages{"one", "two"});
    CHECK_FALSE(reading.reader->has_half_line());
}

TEST_CASE("a half line that was taken as it is, and its rest", "[event_reader]") {
    Reading reading;
    reading.feed("hal").end(EventReader::End::all);
    CHECK(reading.reader->state() == ReadState{3, std::nullopt, true});
    reading.feed("f a line\nnext\n").end(EventReader::End::lines);
    CHECK(reading.messages() == Messages{"hal", "[continuation] f a line", "next"});

    // Where only its end was late, nothing is left of it.
    Reading late;
    late.feed("all").end(EventReader::End::all).feed("\nnext\n").end(EventReader::End::lines);
    CHECK(late.messages() == Messages{"all", "next"});
    CHECK_FALSE(late.reader->state().inside_event);
}

TEST_CASE("line ends of both kinds go, other bytes stay", "[event_reader]") {
    CHECK(events({}, "a\r\nb\r\r\nc\rd\n") == Messages{"a", "b\r", "c\rd"});
    CHECK(events({}, "a\0b\nc\n"s) == Messages{"a\0b"s, "c"});
    CHECK(events({}, "last") == Messages{"last"});
    CHECK(events({}, "").empty());
}

TEST_CASE("blank lines are no events, and end none", "[event_reader]") {
    Reading reading;
    reading.feed("\n \t\r\n\n");
    CHECK_FALSE(reading.reader->has_event());
    CHECK(reading.reader->state().offset == 6);
    reading.feed("a\n\n\nb\n\n \n").end(EventReader::End::lines);
    CHECK(reading.messages() == Messages{"a", "b"});
    CHECK(reading.reader->state().offset == 15);
    CHECK(events({}, "a\n\n in\n\nb\n") == Messages{"a\n\n in", "b"});
    CHECK(events({}, "\n  indented\nb\n") == Messages{"  indented", "b"});
}

TEST_CASE("lines that begin with a blank continue an event", "[event_reader]") {
    const std::string text = "Traceback\n  File x\n\tline\nError\r\n more\r\nnext\n";
    const Messages expected{"Traceback\n  File x\n\tline", "Error\n more", "next"};
    CHECK(events({}, text) == expected);
    Reading bytewise;
    for (const char c : text)
        bytewise.feed({&c, 1});
    CHECK(bytewise.end(EventReader::End::all).messages() == expected);
}

TEST_CASE("events begin where a pattern says", "[event_reader]") {
    CHECK(events(with_start(R"(^\d{2}:)"), "x\n10: a\nb\nc\n11: d\n") ==
          Messages{"x", "10: a\nb\nc", "11: d"});
    CHECK(events(with_start("START$"), "a START\r\nb\nc START\n") ==
          Messages{"a START\nb", "c START"});
    auto dated = with_date("%Y-%m-%d");
    dated.start_is_date = true;
    const auto by_date = events(std::move(dated), "at 2026-01-02 a\nb\nin 2026-01-03\n");
    CHECK(by_date == Messages{"at 2026-01-02 a\nb", "in 2026-01-03"});
}

TEST_CASE("an event's time is that in its text, else the last one, else now", "[event_reader]") {
    Reading reading(with_date("%Y-%m-%dT%H:%M:%S"));
    reading.feed("none\n2023-11-14T22:13:21 a\nnone\nx\n  2023-11-14T22:13:22\ny\n")
        .end(EventReader::End::lines);
    std::vector<EventTime> times;
    times.reserve(reading.taken.size());
    for (const auto &event : reading.taken)
        times.push_back(event.time - now_ms);
    CHECK(times == std::vector<EventTime>{0, 1000, 1000, 2000, 2000});
    CHECK(reading.reader->counts().dated == 2);
    CHECK(reading.reader->counts().events == 5);
    CHECK(reading.reader->state().last_time == now_ms + 2000);

    reading.reader->start({0, now_ms + 5000, false});
    reading.taken.clear();
    reading.feed("none\n").end(EventReader::End::lines);
    CHECK(reading.taken == std::vector{Taken{"none", now_ms + 5000, 0}});
}

TEST_CASE("a refused event comes first the next time", "[event_reader]") {
    Reading reading;
    const std::string text = "one\n\ntwo\nthree\nfour\n";
    reading.room = 1;
    CHECK_FALSE(reading.reader->feed(text, now, reading.take));
    CHECK(reading.messages() == Messages{"one"});
    const auto state = reading.reader->state();
    CHECK(state.offset == 5);
    reading.room = SIZE_MAX;
    reading.reader->start(state, text);
    reading.feed(text.substr(state.offset)).end(EventReader::End::lines);
    CHECK(reading.messages() == Messages{"one", "two", "three", "four"});
}

TEST_CASE("what is no UTF-8 is replaced and counted", "[event_reader]") {
    Reading reading;
    reading.feed("a\xff\xc3(\nb \u20ac\nc\xe2\x82").end(EventReader::End::all);
    CHECK(reading.messages() == Messages{"a\uFFFD\uFFFD(", "b \u20ac", "c\uFFFD\uFFFD"});
    CHECK(reading.reader->counts().replaced == 4);
}

TEST_CASE("a character that comes in two pieces is one", "[event_reader]") {
    Reading reading;
    reading.feed("\xe2\x82").feed("\xac\n").end(EventReader::End::lines);
    CHECK(reading.messages() == Messages{"\u20ac"});
    CHECK(reading.reader->counts().replaced == 0);
}

TEST_CASE("long lines are cut between characters, with marks", "[event_reader]") {
    EventFormat how = with_date("%Y");
    how.longest = 100;
    Reading reading(std::move(how));
    std::string line = "2001 ";
    for (int i = 0; i < 60; ++i)
        line += "\u20ac";
    reading.feed(line + "\nnext\n").end(EventReader::End::lines);
    std::string whole;
    for (std::size_t i = 0; i + 1 < reading.taken.size(); ++i) {
        std::string piece = reading.taken[i].message;
        CHECK(piece.size() <= 100);
        CHECK(reading.taken[i].time == 978'307'200'000);
        CHECK(reading.taken[i].offset == whole.size());
        if (i > 0) {
            REQUIRE(piece.starts_with("[continuation] \u20ac"));
            piece.erase(0, 15);
        }
        if (i + 2 < reading.taken.size()) {
            REQUIRE(piece.ends_with("\u20ac [continued]"));
            piece.erase(piece.size() - 12);
        }
        whole += piece;
    }
    CHECK(whole == line);
    CHECK(reading.taken.back().message == "next");
    CHECK(reading.reader->counts().split == 3);
    CHECK(reading.reader->counts().dated == 1);
}

TEST_CASE("long events are cut between lines", "[event_reader]") {
    EventFormat how;
    how.longest = 100;
    const std::string forty(39, 'x');
    const auto cut = events(std::move(how), "y" + forty + "\n " + forty + "\n  end\nnext\n");
    CHECK(cut ==
          Messages{"y" + forty + " [continued]", "[continuation]  " + forty + "\n  end", "next"});
}

TEST_CASE("a line without an end costs bounded memory", "[event_reader]") {
    EventFormat how;
    how.longest = 1000;
    Reading reading(std::move(how));
    std::size_t size = 0;
    for (int i = 0; i < 1000; ++i)
        reading.feed(std::string(999, 'a'));
    reading.end(EventReader::End::all);
    for (const auto &event : reading.taken)
        size += event.message.size();
    const auto pieces = reading.taken.size();
    CHECK(size == 999'000 + 27 * (pieces - 1));
    CHECK(pieces == 1027);
}

TEST_CASE("line ends in UTF-16 and UTF-32", "[event_reader]") {
    // U+0A0D and U+0D0A hold the bytes of line ends.
    const auto utf16le = "a\0\x0d\x0a\x0a\x0d\r\0\n\0b\0\n\0"s;
    CHECK(events(with_encoding("utf_16_le"), utf16le) == Messages{"a\u0a0d\u0d0a", "b"});
    CHECK(events(with_encoding("UTF-16"), "\xff\xfe"s + utf16le) == Messages{"a\u0a0d\u0d0a", "b"});
    CHECK(events(with_encoding("utf-16"), "\xfe\xff\0a\0\n\0b"s) == Messages{"a", "b"});
    CHECK(events(with_encoding("utf_32_be"), "\0\0\0a\0\0\0\n\0\0\0b"s) == Messages{"a", "b"});
    CHECK(events(with_encoding("utf_32"), "a\0\0\0\n\0\0\0b\0\0\0"s) == Messages{"a", "b"});
    CHECK(events(with_encoding("utf_8_sig"), "\xef\xbb\xbf"
                                             "a\nb\n") == Messages{"a", "b"});
    CHECK(events(with_encoding("utf_8_sig"), "a") == Messages{"a"});
    // An odd byte at the end.
    CHECK(events(with_encoding("utf_16_le"), "a\0\n\0b"s) == Messages{"a", "\uFFFD"});
}

TEST_CASE("other encodings", "[event_reader]") {
    CHECK(events(with_encoding("latin_1"), "\xe4\n \xf6\n") == Messages{"\u00e4\n \u00f6"});
    CHECK(events(with_encoding("shift_jis"), "\x83\x5c\n") == Messages{"\u30bd"});
    // EBCDIC ends lines in its own way.
    CHECK(events(with_encoding("cp037"), "\x81\x25\x82\x25"s) == Messages{"a", "b"});
    EventFormat unknown = with_encoding("klingon");
    CHECK_FALSE(EventReader::create(unknown));
}

TEST_CASE("the byte order is known from a file's begin when reading goes on", "[event_reader]") {
    const auto text = "\xfe\xff\0a\0\n\0b\0\n"s;
    Reading reading(with_encoding("utf_16"));
    reading.reader->start({6, std::nullopt, false}, text);
    reading.feed(std::string_view(text).substr(6)).end(EventReader::End::lines);
    CHECK(reading.messages() == Messages{"b"});
}

// ---- whatever the pieces, the refusals and the restarts

namespace {

std::string random_text(std::mt19937 &random, const std::string &encoding) {
    static const std::vector<std::string> pieces{
        "a",      "bc",         " ",          "\t",
        "\n",     "\n",         "\r\n",       "\n\n",
        "\n ",    "\xff",       "\xc3",       "\u00e4",
        "\u20ac", "\U0001F600", "2001-02-03", "long line long line",
        "\0"s,    "\r",         "\n  \n"};
    std::string text;
    for (auto count = random() % 120; count > 0; --count) {
        text += pieces[random() % pieces.size()];
        if (random() % 40 == 0)
            text += std::string(random() % 400, random() % 2 == 0 ? 'x' : '\xa4');
    }
    if (!encoding.starts_with("utf_16"))
        return text;
    std::string wide = random() % 2 == 0 ? "\xff\xfe" : "";
    for (const char c : text) {
        wide += c;
        wide += random() % 50 == 0 ? '\xd8' : '\0';
    }
    return wide;
}

EventFormat random_format(std::mt19937 &random, const std::string &encoding) {
    EventFormat how = with_date("%Y-%m-%d");
    how.longest = 100 + random() % 60;
    how.encoding = encoding;
    if (random() % 3 == 0)
        how.start_is_date = true;
    else if (random() % 2 == 0)
        how.start = with_start("b|\u00e4|^l").start;
    return how;
}

} // namespace

TEST_CASE("events depend on the bytes only", "[event_reader]") {
    std::mt19937 random(20261126); // NOLINT(cert-msc51-cpp): the same each time
    for (int round = 0; round < 3000; ++round) {
        static const std::vector<std::string> encodings{"utf_8",  "utf_8",   "utf_8_sig",
                                                        "utf_16", "latin_1", "shift_jis"};
        const auto &encoding = encodings[random() % encodings.size()];
        const auto seed = random();
        const auto text = random_text(random, encoding);
        std::mt19937 same(seed);
        Reading plain(random_format(same, encoding));
        plain.feed(text).end(EventReader::End::all);

        same.seed(seed);
        Reading broken(random_format(same, encoding));
        std::size_t at = 0;
        const auto go_back = [&](const ReadState &to) {
            broken.reader->start(to, std::string_view(text).substr(0, 4));
            at = to.offset;
        };
        bool done = false;
        while (!done) {
            broken.room = random() % 4 == 0 ? random() % 3 : 1000;
            const auto size = std::min<std::size_t>(random() % 60 + 1, text.size() - at);
            const std::string piece = text.substr(at, size); // its own memory, for sanitizers
            at += size;
            bool taken = broken.reader->feed(piece, now, broken.take);
            if (taken && at == text.size()) {
                taken = broken.reader->end(EventReader::End::all, now, broken.take);
                done = taken;
            }
            if (!taken || (!done && random() % 10 == 0)) // refused, or killed
                go_back(ReadState(broken.reader->state()));
        }
        INFO("round " << round << " " << encoding);
        REQUIRE(plain.taken == broken.taken);
        REQUIRE(plain.reader->state() == broken.reader->state());
        REQUIRE(plain.reader->state().offset == text.size());
    }
}
