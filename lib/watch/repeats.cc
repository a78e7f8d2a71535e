// SPDX-License-Identifier: GPL-2.0-only
#include "watch/repeats.h"

#include <algorithm>
#include <utility>

namespace hostav {

namespace {

std::size_t size_of(const Repeats::Line &line) {
    return line.path.size() + line.what.size() + line.more.size();
}

} // namespace

void Repeats::close_oldest(Clock::time_point now) {
    const auto [began, line] = windows_.front();
    windows_.pop_front();
    if (line->second > 0)
        summaries_.push_back(
            {line->first.path, line->first.what, line->second,
             std::max(std::chrono::ceil<std::chrono::seconds>(now - began), window)});
    bytes_ -= size_of(line->first);
    open_.erase(line);
}

void Repeats::close_old(Clock::time_point now) {
    while (!windows_.empty() && windows_.front().began + window <= now)
        close_oldest(now);
}

bool Repeats::is_new(Line line, Clock::time_point now) {
    close_old(now);
    if (const auto found = open_.find(line); found != open_.end()) {
        ++found->second;
        return false;
    }
    const auto size = size_of(line);
    while (!windows_.empty() && (windows_.size() >= most_lines || bytes_ + size > most_bytes))
        close_oldest(now);
    bytes_ += size;
    windows_.push_back({now, open_.emplace(std::move(line), 0).first});
    return true;
}

std::vector<Repeats::Summary> Repeats::take(Clock::time_point now) {
    close_old(now);
    return std::exchange(summaries_, {});
}

Repeats::Clock::time_point Repeats::next() const {
    if (!summaries_.empty())
        return Clock::time_point::min();
    return windows_.empty() ? Clock::time_point::max() : windows_.front().began + window;
}

} // namespace hostav
