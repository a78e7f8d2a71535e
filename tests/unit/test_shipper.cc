// SPDX-License-Identifier: GPL-2.0-only
//
// The loop between inputs and a sink that fails in every way: a record never moves before the sink
// has accepted, nothing is lost, order is kept, nothing comes twice without need.
#include "ship/shipper.h"

#include "ship/queue.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <random>

using namespace hostav;
using namespace std::chrono_literals;

namespace {

/// Numbered events, one after the other; the record is the next number.
class Numbers : public Input {
  public:
    Numbers(std::string name, int from, int to) : name_(std::move(name)), next_(from), to_(to) {}
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint64_t waiting() const override {
        return static_cast<std::uint64_t>(to_ - filled_.value_or(next_)) * 10;
    }
    [[nodiscard]] Clock::time_point waiting_since() const override {
        return waiting() > 0 ? Clock::time_point::min() : Clock::time_point::max();
    }
    Result<Filled> fill(const TakeEvent &take, bool /*flush*/) override {
        REQUIRE_FALSE(filled_); // never twice without delivered()
        Filled filled;
        int at = next_;
        for (; at < to_; ++at) {
            const auto text = name_ + " " + std::to_string(at);
            if (!take({time + at, text, static_cast<std::uint64_t>(at)})) {
                filled.refused = true;
                break;
            }
            ++filled.events;
        }
        filled_ = at;
        return filled;
    }
    void delivered() override {
        REQUIRE(filled_);
        next_ = *std::exchange(filled_, std::nullopt);
    }
    [[nodiscard]] std::string key() const override { return name_; }
    [[nodiscard]] std::string record() const override { return std::to_string(next_); }
    [[nodiscard]] bool finished() const override { return next_ == to_; }
    EventTime time = wall_clock();

  private:
    std::string name_;
    int next_, to_;
    std::optional<int> filled_;
};

class Source : public Feeder {
  public:
    explicit Source(std::vector<Input *> inputs) : inputs_(std::move(inputs)) {}
    void add_descriptors(std::vector<pollfd> & /*to*/) const override {}
    [[nodiscard]] Clock::time_point next_work() const override {
        return announced_ ? Clock::time_point::max() : Clock::time_point::min();
    }
    Result<Changes> work(Clock::time_point /*now*/) override {
        ++rounds;
        Changes changes;
        if (std::exchange(announced_, true))
            changes.gone = std::exchange(goes, {});
        else
            changes.appeared = inputs_;
        return changes;
    }
    [[nodiscard]] bool ended() const override { return announced_; }
    std::vector<Input *> goes; ///< after it was announced
    int rounds = 0;

  private:
    std::vector<Input *> inputs_;
    bool announced_ = false;
};

/// Answers as its script says, accepts when the script is over.
class ScriptedSink : public Sink {
  public:
    void deliver(const Parcel &parcel, Done done) override {
        Delivery delivery;
        delivery.outcome = Outcome::accepted;
        if (!script.empty()) {
            delivery = script.front();
            script.pop_front();
        }
        const auto items = std::span(parcel.batch->items()).subspan(parcel.first, parcel.count);
        const bool poisoned = std::ranges::any_of(items, [&](const auto &item) {
            return !poison.empty() && parcel.batch->message(item) == poison;
        });
        if (poisoned)
            delivery = {Outcome::invalid, "InvalidParameterException"};
        if (delivery.outcome == Outcome::accepted || delivery.ambiguous)
            for (std::size_t i = 0; i < items.size(); ++i)
                if (std::ranges::none_of(delivery.rejected,
                                         [i](const auto &reject) { return reject.first == i; }))
                    got.emplace_back(parcel.batch->message(items[i]));
        ++deliveries;
        if (raises != 0)
            ::kill(::getpid(), std::exchange(raises, 0));
        if (later)
            waiting_.emplace_back(std::move(done), delivery);
        else
            done(delivery);
    }
    void work() override {
        ++rounds;
        if (std::chrono::steady_clock::now() < answers_at)
            return;
        if (raises_later != 0)
            ::kill(::getpid(), std::exchange(raises_later, 0));
        auto waiting = std::exchange(waiting_, {});
        for (auto &[done, delivery] : waiting)
            done(delivery);
    }
    [[nodiscard]] std::chrono::steady_clock::time_point next_work() const override {
        return waiting_.empty() ? std::chrono::steady_clock::time_point::max() : answers_at;
    }
    /// With `later`: no answer before.
    std::chrono::steady_clock::time_point answers_at = std::chrono::steady_clock::time_point::min();
    int raises = 0, raises_later = 0; ///< signals, while it is asked and before it answers
    int rounds = 0;
    std::deque<Delivery> script;
    std::string poison;
    bool later = false; ///< answers after it was asked
    std::vector<std::string> got;
    int deliveries = 0;

  private:
    std::deque<std::pair<Done, Delivery>> waiting_;
};

Delivery answer(Outcome outcome) {
    return {outcome, "scripted"};
}

/// Everything around a Shipper, silent.
struct Place {
    tree::Scratch scratch;
    Messages messages = std::move(*Messages::open({}, {.no_terminal = true}));
    Complaints complaints{messages};
    Signals signals = std::move(*Signals::watch({SIGHUP}));
    HttpClient http{HttpClientOptions{}};
    DurableMap state = std::move(*DurableMap::open(scratch / "state", DurableMap::Access::write));
    Fd directory{::open((scratch / "state").c_str(), O_RDONLY | O_DIRECTORY)};
    Stream stream{"section", {"group", "stream"}, 0ms};
    /// Where there is one of an input's name, it is its.
    std::map<std::string, Stream> streams;
    std::vector<Input *> goes;
    ScriptedSink sink;
    ShipperOptions options;
    Place() {
        options.once = true;
        options.record_prefix = "in/";
    }
    ~Place() {
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
    }
    Place(const Place &) = delete;
    Place &operator=(const Place &) = delete;
    Place(Place &&) = delete;
    Place &operator=(Place &&) = delete;

    Shipper::Ended run(std::vector<Input *> inputs) {
        Source source(std::move(inputs));
        source.goes = goes;
        Shipper shipper({sink,
                         http,
                         signals,
                         complaints,
                         &state,
                         RejectFile(directory.get()),
                         [this](const Input &input) {
                             const auto own = streams.find(input.name());
                             return own == streams.end() ? &stream : &own->second;
                         },
                         {&source},
                         {}},
                        options);
        const auto ended = shipper.run();
        REQUIRE(ended);
        return *ended;
    }
    [[nodiscard]] std::string record(const std::string &key) const {
        return state.get("in/" + key)->value_or("none");
    }
    [[nodiscard]] std::string rejected() const {
        std::string text(100'000, '\0');
        const Fd fd(::open((scratch / "state/rejected.jsonl").c_str(), O_RDONLY));
        const auto got = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return text;
    }
};

std::vector<std::string> numbers(const std::string &name, int from, int to) {
    std::vector<std::string> all;
    for (int i = from; i < to; ++i)
        all.push_back(name + " " + std::to_string(i));
    return all;
}

} // namespace

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
