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
    if (data.empty())
        return text;
    if (data.size() == 1)
        return text + " at " + time_text(data.front().time);
    return text + " in " + std::to_string(data.size()) + " data since " +
           time_text(data.front().time);
}

Pusher::Pusher(MetricSink &sink, DataQueue &queue, std::string name, Say say)
    : sink_(sink), queue_(&queue), earlier_(queue.size()), name_(std::move(name)),
      say_(std::move(say)), backoff_(first_pause, longest_pause), most_(most_in_push) {}

void Pusher::add(std::vector<Datum> data) {
    queue_->add(std::move(data));
    // What is on its way must stay where it is.
    if (!on_way_)
        limit();
}

void Pusher::limit() {
    if (const auto excess = queue_->excess(); excess > 0)
        give_up_first(excess, last_failure_.empty() ? "too many wait" : last_failure_);
}

Pusher::Clock::time_point Pusher::next_work() const {
    return on_way_ || idle() ? Clock::time_point::max() : next_;
}

void Pusher::finish() {
    ending_ = true;
    next_ = Clock::time_point::min();
}

/// How many of the first are so: the service would refuse them, and with them all others of the
/// request.
std::size_t Pusher::too_old() const {
    const auto oldest = std::time(nullptr) - max_datum_age;
    std::size_t count = 0;
    while (count < queue_->size() && queue_->time(count) < oldest)
        ++count;
    return count;
}

void Pusher::work(Clock::time_point now) {
    if (on_way_ || idle() || now < next_)
        return;
    if (const auto old = too_old(); old > 0)
        give_up_first(old, "too old by now");
    if (idle())
        return;
    const auto some = next_data();
    if (some.empty())
        return;
    on_way_ = true;
    sink_.push(some, [this](const Pushed &pushed) { answered(pushed); });
}

/// What goes into one push; nothing when it cannot be read.
std::vector<Datum> Pusher::next_data() {
    auto data = queue_->get(0, most_);
    if (!data) {
        answered({Pushed::Outcome::again, 0, data.error().text(), {}});
        return {};
    }
    if (!data->empty())
        data->erase(std::ranges::find_if(*data,
                                         [&](const Datum &datum) {
                                             return !sink_.takes_together(datum.metric,
                                                                          data->front().metric);
                                         }),
                    data->end());
    in_push_ = data->size();
    return std::move(*data);
}

void Pusher::answered(const Pushed &pushed) {
    on_way_ = false;
    if (pushed.outcome == Pushed::Outcome::accepted) {
        drop_first(pushed.data);
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
        most_ = std::max<std::size_t>(1, in_push_ / 2);
        if (in_push_ == 1)
            give_up_first(1, pushed.why);
        return;
    }
    const bool denied = pushed.outcome == Pushed::Outcome::denied;
    if (denied && ending_) {
        hopeless_ = true;
        return;
    }
    next_ = Clock::now() +
            backoff_.failed(std::max(pushed.retry_after, denied ? denied_pause : milliseconds(0)));
    // The first of a row of failures; the end says what became of it.
    if (!std::exchange(failing_, true))
        say_(Severity::warning, name_ + ": " + pushed.why + ": trying again");
    limit();
}

void Pusher::drop_first(std::size_t count) {
    queue_->drop_first(count);
    earlier_ -= std::min(earlier_, count);
}

std::string Pusher::describe(std::size_t from, std::size_t count) const {
    const auto data = queue_->get(from, count);
    return data ? hostav::describe(name_, *data) : name_ + ": " + std::to_string(count) + " data";
}

void Pusher::give_up_first(std::size_t count, const std::string &why) {
    say_(Severity::error,
         describe(0, count) + " not pushed: " + (why.empty() ? "no answer in time" : why));
    given_up_ += count;
    drop_first(count);
}

void Pusher::give_up() {
    if (!idle())
        give_up_first(queue_->size(), last_failure_);
}

Result<void> Pusher::move_to(DataQueue &queue) {
    auto data = queue_->get(0, queue_->size());
    if (!data)
        return std::unexpected(data.error());
    earlier_ += queue.size();
    queue.add(std::move(*data));
    queue_->drop_first(queue_->size());
    queue_ = &queue;
    return {};
}

void Pusher::keep(const std::string &where) {
    if (idle())
        return;
    kept_ = queue_->size();
    const auto own = kept_ - earlier_;
    const auto earlier = std::to_string(earlier_) + " data of earlier runs";
    // The run's own count is told by itself.
    say_(Severity::error, (own > 0 ? describe(earlier_, own) : earlier) + " not pushed: " +
                              (last_failure_.empty() ? "no answer in time" : last_failure_) +
                              ": kept in " + where + " for the next run" +
                              (own > 0 && earlier_ > 0 ? ", with " + earlier : ""));
}

} // namespace hostav
