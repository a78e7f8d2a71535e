// SPDX-License-Identifier: GPL-2.0-only
//
// Ends that --once has whatever happens: a file that never stops growing, a service that refuses
// everything; and that refusals are no reason to hammer.
#include "ship/file_feeder.h"
#include "tests/support/shipper.h"

#include <filesystem>
#include <fstream>

using namespace ship_test;

namespace {

/// A followed file that gets further lines whenever the sink is asked.
struct GrowingFile {
    Place place;
    EventFormat format;
    std::string path = place.scratch / "log";
    int written = 0;
    int rounds = 0; ///< of writing; bounded, so that a failure ends, too

    GrowingFile() {
        place.stream.batch_count = 10;
        place.sink.asked = [this] {
            if (++rounds < 500)
                write(50);
        };
    }
    void write(int lines) {
        std::ofstream file(path, std::ios::app);
        for (int i = 0; i < lines; ++i)
            file << "line " << written++ << "\n";
    }
    Shipper::Ended run() {
        FileFeeder feeder{FollowerOptions{}};
        FileSourceOptions source;
        source.name = "section";
        source.pattern = path;
        source.format = &format;
        auto records = place.state.all("in/");
        REQUIRE(records);
        for (auto &[key, record] : *records)
            source.records[key.substr(3)] = std::move(record);
        REQUIRE(feeder.follower().add(source));
        return place.run(feeder);
    }
};

} // namespace

TEST_CASE("a file that grows all the time is shipped up to where it was, and the rest next time") {
    GrowingFile file;
    file.write(100);
    CHECK(file.run() == Shipper::Ended::complete);
    CHECK(file.rounds < 100); // ten would do
    const auto first = file.place.sink.got.size();
    CHECK(first >= 100);
    CHECK(file.run() == Shipper::Ended::complete);
    CHECK(file.rounds < 400);
    const auto &got = file.place.sink.got;
    REQUIRE(got.size() > first);
    for (std::size_t i = 0; i < got.size(); ++i)
        REQUIRE(got[i] == "line " + std::to_string(i));
}

TEST_CASE("what is there is shipped although the file is rotated meanwhile") {
    GrowingFile file;
    file.write(100);
    file.place.sink.asked = [&] {
        if (file.rounds++ == 3)
            std::filesystem::rename(file.path, file.path + ".1");
        if (file.rounds < 500)
            file.write(50);
    };
    CHECK(file.run() == Shipper::Ended::complete);
    REQUIRE(file.place.sink.got.size() >= 100);
    CHECK(file.place.sink.got[99] == "line 99");
}

TEST_CASE("who refuses everything is not hammered") {
    Place place;
    place.options.give_up = 1s;
    place.sink.refuses = true;
    Numbers input("a", 0, 5000);
    CHECK(place.run({&input}) == Shipper::Ended::gave_up);
    CHECK(place.sink.deliveries < 500); // without pauses: 9,999
    CHECK(place.record("a") == "0");
}

TEST_CASE("events that are all refused are kept one by one") {
    Place place;
    place.sink.refuses = true;
    SECTION("of one batch") {}
    SECTION("each alone") {
        place.stream.batch_count = 1;
    }
    Numbers input("a", 0, 10);
    CHECK(place.run({&input}) == Shipper::Ended::complete);
    CHECK(place.record("a") == "10");
    CHECK(std::ranges::count(place.rejected(), '\n') == 10);
}
