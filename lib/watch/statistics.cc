// SPDX-License-Identifier: GPL-2.0-only
#include "watch/statistics.h"

#include "base/text.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace hostav {

namespace {

constexpr std::array<const char *, count_kinds> names{
    "events",    "own",      "registered",  "special",  "user",       "excluded", "outside",
    "too-large", "cached",   "joined",      "scans",    "background", "clean",    "partial",
    "infected",  "repeated", "failed",      "allowed",  "denied",     "deadline", "marks",
    "unmarked",  "written",  "read-errors", "overflow", "lost",
};
constexpr unsigned quarter_bits = 2; ///< four steps a power of two

std::size_t step_of(std::uint64_t microseconds) {
    if (microseconds < (1U << quarter_bits))
        return microseconds;
    const auto power = static_cast<unsigned>(std::bit_width(microseconds)) - 1;
    const auto quarter = (microseconds >> (power - quarter_bits)) & 3U;
    return std::min<std::size_t>((power - 1) * 4 + quarter, Latencies::steps - 1);
}

/// The largest time that falls into a step.
std::uint64_t end_of(std::size_t step) {
    if (step < (1U << quarter_bits))
        return step;
    const auto power = step / 4 + 1;
    return ((4 + step % 4 + 1) << (power - quarter_bits)) - 1;
}

} // namespace

const char *count_name(std::size_t kind) {
    return names.at(kind);
}

void Latencies::add(std::chrono::nanoseconds time) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    ++counts.at(step_of(static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds, 0))));
}

void Latencies::add(const Latencies &other) {
    std::ranges::transform(counts, other.counts, counts.begin(), std::plus());
}

std::uint64_t Latencies::percentile(double share) const {
    std::uint64_t total = 0;
    for (const auto count : counts)
        total += count;
    std::uint64_t seen = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        seen += counts.at(step);
        if (counts.at(step) > 0 && static_cast<double>(seen) >= share * static_cast<double>(total))
            return end_of(step);
    }
    return 0;
}

void Statistics::add(const Statistics &other) {
    std::ranges::transform(counts, other.counts, counts.begin(), std::plus());
    answers.add(other.answers);
    queue += other.queue;
    workers += other.workers;
    busy += other.busy;
}

std::vector<std::string> Statistics::fields() const {
    std::vector<std::string> fields;
    fields.reserve(counts.size() + answers.counts.size() + 3);
    for (const auto number : {queue, workers, busy})
        fields.push_back(std::to_string(number));
    for (const auto number : counts)
        fields.push_back(std::to_string(number));
    for (const auto number : answers.counts)
        fields.push_back(std::to_string(number));
    return fields;
}

Statistics Statistics::from(const std::vector<std::string> &fields) {
    Statistics result;
    std::size_t at = 0;
    const auto next = [&] {
        const auto number = at < fields.size() ? parse_number(fields[at]) : std::nullopt;
        ++at;
        return number.value_or(0);
    };
    result.queue = next();
    result.workers = next();
    result.busy = next();
    for (auto &number : result.counts)
        number = next();
    for (auto &number : result.answers.counts)
        number = next();
    return result;
}

} // namespace hostav
