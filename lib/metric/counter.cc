// SPDX-License-Identifier: GPL-2.0-only
#include "metric/counter.h"

#include "base/ascii.h"
#include "base/text.h"
#include "metric/found_line.h"
#include "metric/sink.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hostav {

namespace {

/// Pairs of a period and a value that are kept.
constexpr std::size_t most_points = 10'000;
constexpr std::int64_t most_empty = 24LL * 60 * 60; ///< seconds

constexpr EventTime millisecond = 1000;

std::unexpected<Error> bad_field(const char *option, const std::string &name, std::string why) {
    return fail(std::string(option) + "=" + escape_path(name), std::move(why));
}

} // namespace

std::optional<double> parse_metric_value(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('+') && !text.starts_with("+-"))
        text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !is_metric_value(value))
        return std::nullopt;
    return value;
}

Counter::Counter(Filter filter, CountOptions options, std::optional<DateFormat> date,
                 std::time_t now)
    : filter_(std::move(filter)), options_(std::move(options)), date_(std::move(date)),
      next_empty_(period_of(now)) {}

Result<Counter> Counter::create(Filter filter, CountOptions options, std::optional<DateFormat> date,
                                std::time_t now) {
    Counter counter(std::move(filter), std::move(options), std::move(date), now);
    if (auto ready = counter.prepare(); !ready)
        return std::unexpected(ready.error());
    return counter;
}

Result<void> Counter::prepare() {
    if (options_.value.starts_with('$')) {
        auto field = filter_.reference(options_.value);
        if (!field)
            return bad_field("--value", options_.value, field.error().why);
        field_ = std::move(*field);
    } else if (const auto number = parse_metric_value(options_.value)) {
        number_ = *number;
    } else {
        return bad_field("--value", options_.value, "neither a number nor a field such as $size");
    }
    for (const auto &name : options_.unique) {
        if (name == "path" || name == "signature") {
            unique_.push_back({name == "path" ? Part::Kind::path : Part::Kind::signature, {}});
            continue;
        }
        if (!name.starts_with('$'))
            return bad_field("--unique", name, "neither path nor signature nor a field: $name");
        auto field = filter_.reference(name);
        if (!field)
            return bad_field("--unique", name, field.error().why);
        unique_.push_back({Part::Kind::field, std::move(*field)});
    }
    return {};
}

std::int64_t Counter::period_of(std::int64_t time) const {
    const auto into = time % options_.period;
    return time - (into < 0 ? into + options_.period : into);
}

std::time_t Counter::next(std::time_t now) const {
    return period_of(now) + options_.period;
}

void Counter::add(std::int64_t period, double value, double times) {
    const auto [place, fresh] = periods_[period].try_emplace(value, 0);
    place->second += times;
    points_ += fresh ? 1 : 0;
}

void Counter::count(std::string_view text, std::time_t now) {
    if (!date_ && !field_ && unique_.empty()) {
        // By far the most usual, and no line has to be looked at again.
        const auto lines = filter_.count(text);
        counts_.matched += lines;
        if (lines > 0)
            add(period_of(now), number_, static_cast<double>(lines));
        return;
    }
    filter_.for_each_match(text, [this, now](std::string_view line) { count_line(line, now); });
}

void Counter::count_line(std::string_view line, std::time_t now) {
    ++counts_.matched;
    const auto time = time_of(line, now);
    // The begin of its period is what is sent; clocks differ by minutes.
    constexpr std::int64_t grace = 300;
    const auto period = period_of(time);
    if (period < now - max_datum_age + grace || period > now + max_datum_ahead - grace) {
        ++counts_.untimely;
        return;
    }
    const auto value = field_ ? value_of(line) : number_;
    if (!value) {
        ++counts_.valueless;
        return;
    }
    if (!unique_.empty() && !seen_.add(period, key_of(line))) {
        ++counts_.repeated;
        return;
    }
    add(period, *value, 1);
}

std::int64_t Counter::time_of(std::string_view line, std::time_t now) {
    if (!date_)
        return now;
    if (const auto found = date_->find(line, now))
        last_time_ = found;
    return last_time_ ? *last_time_ / millisecond : now;
}

std::optional<double> Counter::value_of(std::string_view line) const {
    const auto values = filter_.values(line, {&*field_, 1});
    if (values.empty() || !values.front())
        return std::nullopt;
    return parse_metric_value(*values.front());
}

/// What is the same of lines that count once. A line that lacks one of the parts is unlike all that
/// have it; one that is no detection counts by all of itself.
std::string Counter::key_of(std::string_view line) const {
    const auto found = parse_found_line(line);
    std::string key;
    const auto append = [&key](char kind, std::string_view part) {
        key += kind + std::to_string(part.size()) + ':';
        key += part;
    };
    for (const auto &part : unique_) {
        if (part.kind == Part::Kind::field) {
            const auto values = filter_.values(line, {&part.field, 1});
            const bool has = !values.empty() && values.front();
            append(has ? 'v' : 'n', has ? *values.front() : std::string());
        } else if (!found) {
            append('l', line);
        } else {
            append('v', part.kind == Part::Kind::path ? found->path : found->signature);
        }
    }
    return key;
}

void Counter::add_empty(std::int64_t end) {
    const auto first = std::max(next_empty_, end - std::max(most_empty, options_.period));
    for (auto period = period_of(first); period < end; period += options_.period)
        if (!periods_.contains(period) && !flushed_.contains(period))
            add(period, options_.otherwise, 1);
    if (end > next_empty_) {
        next_empty_ = end;
        flushed_.erase(flushed_.begin(), flushed_.lower_bound(end));
    }
}

Datum Counter::datum_of(std::int64_t period, std::map<double, double> values) const {
    Datum datum{options_.metric, period, std::move(values)};
    const double sum = sum_of(datum);
    if (!field_ && is_metric_value(sum))
        datum.values = {{sum, 1}};
    return datum;
}

std::vector<Datum> Counter::snapshot() const {
    std::vector<Datum> data;
    data.reserve(periods_.size());
    for (const auto &[period, values] : periods_)
        data.push_back(datum_of(period, values));
    return data;
}

void Counter::restore(const std::vector<Datum> &counted) {
    for (const auto &datum : counted)
        for (const auto &[value, times] : datum.values)
            add(datum.time, value, times);
}

std::vector<Datum> Counter::take_before(std::int64_t end) {
    std::vector<Datum> data;
    while (!periods_.empty() && periods_.begin()->first < end) {
        auto &[period, values] = *periods_.begin();
        points_ -= values.size();
        if (period >= next_empty_)
            flushed_.insert(period);
        data.push_back(datum_of(period, std::move(values)));
        periods_.erase(periods_.begin());
    }
    return data;
}

std::vector<Datum> Counter::take(std::time_t now) {
    const auto end = period_of(now);
    add_empty(end);
    return take_before(end);
}

std::vector<Datum> Counter::finish(std::time_t now) {
    add_empty(next(now));
    return flush();
}

std::vector<Datum> Counter::flush() {
    return take_before(std::numeric_limits<std::int64_t>::max());
}

bool Counter::full() const {
    return points_ >= most_points;
}

Counter::Counts Counter::counts() const {
    auto counts = counts_;
    counts.forgotten = seen_.forgotten();
    counts.exhausted = filter_.exhausted();
    return counts;
}

} // namespace hostav
