// SPDX-License-Identifier: GPL-2.0-only
//
// What tests of the loop (ship/shipper.h) are made of: inputs of numbers, a sink that answers as
// its script says, and everything around a Shipper.
#pragma once

#include "ship/shipper.h"
#include "tests/support/catch.h"
#include "tests/support/tree.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unistd.h>
#include <vector>

namespace ship_test {

using namespace hostav;
using namespace std::chrono_literals;

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
        if (poisoned || refuses)
            delivery = {Outcome::invalid, "InvalidParameterException"};
        if (delivery.outcome == Outcome::accepted || delivery.ambiguous)
            for (std::size_t i = 0; i < items.size(); ++i)
                if (std::ranges::none_of(delivery.rejected,
                                         [i](const auto &reject) { return reject.first == i; }))
                    got.emplace_back(parcel.batch->message(items[i]));
        ++deliveries;
        if (asked)
            asked();
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
    std::function<void()> asked; ///< whenever it is
    bool refuses = false;        ///< everything, as invalid
    bool later = false;          ///< answers after it was asked
    std::vector<std::string> got;
    int deliveries = 0;

  private:
    std::deque<std::pair<Done, Delivery>> waiting_;
};

inline Delivery answer(Outcome outcome) {
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
        return run(source);
    }
    Shipper::Ended run(Feeder &source) {
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

inline std::vector<std::string> numbers(const std::string &name, int from, int to) {
    std::vector<std::string> all;
    for (int i = from; i < to; ++i)
        all.push_back(name + " " + std::to_string(i));
    return all;
}

} // namespace ship_test
