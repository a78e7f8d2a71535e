// SPDX-License-Identifier: GPL-2.0-only
//
// The loop between inputs and a sink that fails in every way: a record never moves before the sink
// has accepted, nothing is lost, order is kept, nothing comes twice without need.
#include "tests/support/shipper.h"

#include <filesystem>
#include <random>

using namespace ship_test;

TEST_CASE("all is delivered in order, in batches, and written down") {
    for (const bool later : {false, true}) {
        Place place;
        place.sink.later = later;
        place.stream.batch_count = 7;
        Numbers input("a", 0, 100);
        CHECK(place.run({&input}) == Shipper::Ended::complete);
        CHECK(place.sink.got == numbers("a", 0, 100));
        CHECK(place.sink.deliveries == 15);
        CHECK(place.record("a") == "100");
    }
}

TEST_CASE("failures are repeated until the sink accepts, and nothing comes twice") {
    for (const bool later : {false, true}) {
        Place place;
        place.sink.later = later;
        place.stream.batch_count = 10;
        for (int i = 0; i < 5; ++i)
            place.sink.script.push_back(answer(Outcome::again));
        place.sink.script.push_back(answer(Outcome::accepted));
        place.sink.script.push_back(answer(Outcome::again));
        Numbers input("a", 0, 30);
        CHECK(place.run({&input}) == Shipper::Ended::complete);
        CHECK(place.sink.got == numbers("a", 0, 30));
        CHECK(place.record("a") == "30");
    }
}

TEST_CASE("what is not accepted is not written down, and who waits for it gives up in the end") {
    Place place;
    place.stream.batch_count = 10;
    place.options.give_up = 1s;
    place.sink.script.push_back(answer(Outcome::accepted));
    for (int i = 0; i < 1000; ++i)
        place.sink.script.push_back(answer(Outcome::again));
    Numbers input("a", 0, 30);
    CHECK(place.run({&input}) == Shipper::Ended::gave_up);
    CHECK(place.record("a") == "10");
    CHECK(place.sink.got == numbers("a", 0, 10));
}

TEST_CASE("one event that nobody wants does not take others with it") {
    Place place;
    place.sink.poison = "a 37";
    Numbers input("a", 0, 100);
    CHECK(place.run({&input}) == Shipper::Ended::complete);
    auto expected = numbers("a", 0, 100);
    std::erase(expected, "a 37");
    CHECK(place.sink.got == expected);
    CHECK(place.record("a") == "100");
    CHECK(place.rejected().find("\"message\":\"a 37\"") != std::string::npos);
    CHECK(place.rejected().find("InvalidParameterException") != std::string::npos);
    CHECK(std::ranges::count(place.rejected(), '\n') == 1);
}

TEST_CASE("events that the service rejects are kept with the reason") {
    Place place;
    Delivery some = answer(Outcome::accepted);
    some.rejected = {{0, "too old"}, {3, "too new"}};
    place.sink.script.push_back(some);
    Numbers input("a", 0, 5);
    CHECK(place.run({&input}) == Shipper::Ended::complete);
    CHECK(place.sink.got == std::vector<std::string>{"a 1", "a 2", "a 4"});
    CHECK(place.rejected().find("\"reason\":\"too old\",\"message\":\"a 0\"") != std::string::npos);
    CHECK(place.rejected().find("\"reason\":\"too new\",\"message\":\"a 3\"") != std::string::npos);
}

TEST_CASE("lines that are too old never reach the sink") {
    Place place;
    Numbers input("a", 0, 5);
    input.time = 0;
    CHECK(place.run({&input}) == Shipper::Ended::complete);
    CHECK(place.sink.deliveries == 0);
    CHECK(place.record("a") == "5");
    CHECK(std::ranges::count(place.rejected(), '\n') == 5);
}

TEST_CASE("inputs of one destination take turns, and each keeps its order") {
    Place place;
    place.sink.later = true;
    place.stream.batch_count = 5;
    Numbers one("a", 0, 50);
    Numbers two("b", 0, 50);
    CHECK(place.run({&one, &two}) == Shipper::Ended::complete);
    std::vector<std::string> of_one;
    std::vector<std::string> of_two;
    for (const auto &message : place.sink.got)
        (message.starts_with("a") ? of_one : of_two).push_back(message);
    CHECK(of_one == numbers("a", 0, 50));
    CHECK(of_two == numbers("b", 0, 50));
    CHECK(place.record("b") == "50");
}

TEST_CASE("a signal ends it when answers are there, and nothing is repeated afterwards") {
    Place place;
    place.options.once = false;
    place.sink.later = true;
    place.stream.batch_count = 10;
    Numbers input("a", 0, 100);
    ::kill(::getpid(), SIGTERM); // pending from the start: a stop still delivers what is there
    CHECK(place.run({&input}) == Shipper::Ended::stopped);
    CHECK(place.sink.got == numbers("a", 0, 100));
    CHECK(place.record("a") == "100");
}

TEST_CASE("SIGHUP ends it for a new configuration") {
    Place place;
    place.options.once = false;
    Numbers input("a", 0, 0);
    ::kill(::getpid(), SIGHUP);
    CHECK(place.run({&input}) == Shipper::Ended::reread);
}

TEST_CASE("whatever the sink does, each event arrives and order is kept") {
    std::mt19937 random(3); // NOLINT(cert-msc51-cpp)
    for (int round = 0; round < 20; ++round) {
        Place place;
        place.sink.later = round % 2 == 0;
        place.stream.batch_count = 1 + random() % 20;
        int ambiguous = 0;
        for (int i = 0; i < 8; ++i) {
            auto delivery = answer(random() % 2 == 0 ? Outcome::again : Outcome::accepted);
            if (delivery.outcome == Outcome::again && random() % 4 == 0) {
                delivery.ambiguous = true;
                ++ambiguous;
            }
            place.sink.script.push_back(delivery);
        }
        Numbers input("a", 0, 60);
        CHECK(place.run({&input}) == Shipper::Ended::complete);
        CHECK(place.record("a") == "60");
        // Twice only what was accepted without an answer.
        std::vector<std::string> once;
        for (const auto &message : place.sink.got)
            if (std::ranges::find(once, message) == once.end())
                once.push_back(message);
        CHECK(once == numbers("a", 0, 60));
        CHECK((ambiguous > 0 || place.sink.got.size() == 60));
    }
}

TEST_CASE("what failed is repeated although as much is on its way as may be") {
    Place place;
    place.options.most_batches = 2;
    place.options.give_up = 10s;
    place.streams["a"] = {"a", {"group", "a"}, 0ms};
    place.streams["b"] = {"b", {"group", "b"}, 0ms};
    place.sink.script = {answer(Outcome::again), answer(Outcome::again)};
    Numbers one("a", 0, 5);
    Numbers two("b", 0, 5);
    CHECK(place.run({&one, &two}) == Shipper::Ended::complete);
    CHECK(place.sink.got.size() == 10);
    CHECK(place.record("a") == "5");
    CHECK(place.record("b") == "5");
}

TEST_CASE("a batch is repeated although its file has gone meanwhile") {
    Place place;
    place.options.give_up = 10s;
    place.sink.script = {answer(Outcome::again)};
    Numbers input("a", 0, 5);
    place.goes = {&input};
    CHECK(place.run({&input}) == Shipper::Ended::complete);
    CHECK(place.sink.got == numbers("a", 0, 5));
    CHECK(place.record("a") == "none");
}

TEST_CASE("who always has more does not keep others of its destination waiting") {
    Place place;
    place.stream.batch_count = 1;
    Numbers one("a", 0, 50);
    Numbers two("b", 0, 50);
    CHECK(place.run({&one, &two}) == Shipper::Ended::complete);
    REQUIRE(place.sink.got.size() == 100);
    const auto first = std::span(place.sink.got).first(20);
    CHECK(std::ranges::count_if(first, [](const auto &m) { return m.starts_with("a"); }) == 10);
}

TEST_CASE("nobody is kept waiting where few batches may be on their way") {
    Place place;
    place.options.most_batches = 1;
    for (const char *name : {"a", "b", "c"})
        place.streams[name] = {name, {"group", name}, 0ms, 1};
    Numbers one("a", 0, 30);
    Numbers two("b", 0, 30);
    Numbers three("c", 0, 30);
    CHECK(place.run({&one, &two, &three}) == Shipper::Ended::complete);
    REQUIRE(place.sink.got.size() == 90);
    const auto first = std::span(place.sink.got).first(30);
    for (const char *name : {"a", "b", "c"})
        CHECK(std::ranges::count_if(first, [name](const auto &m) { return m.starts_with(name); }) ==
              10);
}

TEST_CASE("waiting for an answer before a new configuration is waiting, not asking again") {
    Place place;
    place.options.once = false;
    place.sink.later = true;
    place.sink.raises = SIGHUP;
    place.sink.answers_at = std::chrono::steady_clock::now() + 1s;
    place.stream.batch_count = 1;
    place.streams["b"] = {"b", {"group", "b"}, 0ms, 1};
    place.options.most_batches = 1;
    Numbers one("a", 0, 5);
    Numbers two("b", 0, 5);
    CHECK(place.run({&one, &two}) == Shipper::Ended::reread);
    CHECK(place.sink.got.size() == 1);
    CHECK(place.sink.rounds < 100);
}

TEST_CASE("who is asked to end while it is asked to read its configuration again ends") {
    Place place;
    place.options.once = false;
    place.sink.later = true;
    place.sink.raises = SIGHUP;
    place.sink.raises_later = SIGTERM;
    place.sink.answers_at = std::chrono::steady_clock::now() + 300ms;
    Numbers input("a", 0, 5);
    CHECK(place.run({&input}) == Shipper::Ended::stopped);
    CHECK(place.record("a") == "5");
}

TEST_CASE("a record does not move before what was rejected is kept") {
    Place place;
    place.options.give_up = 1s;
    std::filesystem::create_symlink("nowhere", place.scratch / "state/rejected.jsonl");
    Numbers input("a", 0, 5);
    input.time = 0;
    SECTION("where all of it was rejected") {}
    SECTION("where the sink rejected some") {
        input.time = wall_clock();
        auto some = answer(Outcome::accepted);
        some.rejected = {{3, "too new"}};
        place.sink.script.push_back(some);
    }
    CHECK(place.run({&input}) == Shipper::Ended::gave_up);
    CHECK(place.record("a") == "0"); // as it was when it appeared
    std::filesystem::remove(place.scratch / "state/rejected.jsonl");
    Numbers again("a", 0, 5);
    again.time = input.time;
    CHECK(place.run({&again}) == Shipper::Ended::complete);
    CHECK(place.record("a") == "5");
}

TEST_CASE("what was wrong at last is written down for --status") {
    Place place;
    place.options.give_up = 1s;
    for (int i = 0; i < 1000; ++i)
        place.sink.script.push_back(answer(Outcome::again));
    Numbers input("a", 0, 5);
    CHECK(place.run({&input}) == Shipper::Ended::gave_up);
    CHECK(place.state.get("status/section")->value_or("").find("scripted") != std::string::npos);
}
