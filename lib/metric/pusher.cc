// SPDX-License-Identifier: GPL-2.0-only
#include "metric/pusher.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace hostav {

namespace {

using std::chrono::milliseconds;
constexpr milliseconds first_pause{200};
constexpr milliseconds longest_pause{60'000};
/// Where somebody has to do something first.
constexpr milliseconds denied_pause{60'000};
constexpr std::size_t most_in_push = 1000; ///< PutMetricData's
constexpr std::size_t most_waiting = 10'000;

std::string time_text(std::int64_t time) {
    const std::time_t seconds = time;
    std::tm utc{};
    std::array<char, 32> text{};
    ::gmtime_r(&seconds, &utc);
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

} // namespace

std::string describe(const std::string &name, std::span<const Datum> data) {
    double sum = 0;
    for (const auto &datum : data)
        sum += sum_of(datum);
    auto text = name + " " + number_text(sum);
    if (data.size() == 1)
        return text + " at " + time_text(data.front().time);
    return text + " in " + std::to_string(data.size()) + " data since " +
           time_text(data.front().time);
}

Pusher::Pusher(MetricSink &sink, std::string name, Say say)
    : sink_(sink), name_(std::move(name)), say_(std::move(say)),
      backoff_(first_pause, longest_pause), most_(most_in_push) {}

void Pusher::add(std::vector<Datum> data) {
    std::ranges::move(data, std::back_inserter(waiting_));
    // What is on its way must stay where it is.
    if (waiting_.size() > most_waiting && !on_way_)
        give_up_first(waiting_.size() - most_waiting, last_failure_);
}

Pusher::Clock::time_point Pusher::next_work() const {
    return on_way_ || waiting_.empty() ? Clock::time_point::max() : next_;
}

void Pusher::finish() {
    ending_ = true;
    next_ = Clock::time_point::min();
}

void Pusher::work(Clock::time_point now) {
    if (on_way_ || waiting_.empty() || now < next_)
        return;
    // The service would refuse them, and with them all others of the request.
    const auto oldest = std::time(nullptr) - max_datum_age;
    const auto kept = std::ranges::find_if(
        waiting_, [oldest](const Datum &datum) { return datum.time >= oldest; });
    if (kept != waiting_.begin())
        give_up_first(static_cast<std::size_t>(kept - waiting_.begin()), "too old by now");
    if (waiting_.empty())
        return;
    const auto count = std::min(waiting_.size(), most_);
    const std::vector<Datum> some(waiting_.begin(),
                                  waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    on_way_ = true;
    sink_.push(some, [this](const Pushed &pushed) { answered(pushed); });
}

void Pusher::answered(const Pushed &pushed) {
    on_way_ = false;
    if (pushed.outcome == Pushed::Outcome::accepted) {
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                pushed.data, waiting_.size())));
        pushed_ += pushed.data;
        backoff_.succeeded();
        most_ = most_in_push;
        next_ = Clock::time_point::min();
        if (!pushed.why.empty())
            say_(Severity::warning, pushed.why);
        if (std::exchange(failing_, false))
            say_(Severity::info, name_ + ": pushing works again");
        return;
    }
    last_failure_ = pushed.why;
    if (pushed.outcome == Pushed::Outcome::invalid) {
        const auto count = std::min(waiting_.size(), most_);
        most_ = std::max<std::size_t>(1, count / 2);
        if (count == 1)
            give_up_first(1, pushed.why);
        return;
    }
    const bool denied = pushed.outcome == Pushed::Outcome::denied;
    if (denied && ending_)
        return give_up();
    next_ = Clock::now() +
            backoff_.failed(std::max(pushed.retry_after, denied ? denied_pause : milliseconds(0)));
    // The first of a row of failures; the end says what became of it.
    if (!std::exchange(failing_, true))
        say_(Severity::warning, name_ + ": " + pushed.why + ": trying again");
    if (waiting_.size() > most_waiting)
        give_up_first(waiting_.size() - most_waiting, pushed.why);
}

void Pusher::give_up_first(std::size_t count, const std::string &why) {
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    say_(Severity::error, describe(name_, {waiting_.begin(), end}) +
                              " not pushed: " + (why.empty() ? "no answer in time" : why));
    given_up_ += count;
    waiting_.erase(waiting_.begin(), end);
}

void Pusher::give_up() {
    if (!waiting_.empty())
        give_up_first(waiting_.size(), last_failure_);
}

} // namespace hostav
