// SPDX-License-Identifier: GPL-2.0-only
//
// STATS, in the form that clamdtop reads.
#include "watch/door.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hostav {

namespace {

std::string seconds_since(std::chrono::steady_clock::time_point since) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6f",
                  std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
    return text.data();
}

} // namespace

/// What is being done: command, seconds, file.
std::string Door::tasks_text() const {
    static constexpr std::array names{"SCAN",         "CONTSCAN", "MULTISCAN",
                                      "ALLMATCHSCAN", "FILDES",   "INSTREAM"};
    std::string tasks;
    for (const auto &[number, job] : jobs_)
        tasks += "\t" + std::string(names.at(static_cast<std::size_t>(job.request->kind))) + " " +
                 seconds_since(job.request->since) + " " + escape_path(job.logged) + "\n";
    return tasks;
}

/// As clamd has it; clamdtop reads it. What the gates count comes before its END.
std::string Door::stats_text(const Asked &asked, const std::string &gates) const {
    const auto now = Clock::now();
    double shortest = 0;
    double longest = 0;
    double sum = 0;
    unsigned waiting = 0;
    const auto waits_since = [&](Clock::time_point since) {
        const auto waited = std::chrono::duration<double>(now - since).count();
        shortest = waiting == 0 ? waited : std::min(shortest, waited);
        longest = std::max(longest, waited);
        sum += waited;
        ++waiting;
    };
    for (const auto &request : requests_)
        if (request->running == 0)
            waits_since(request->since);
    for (const auto &job : again_)
        waits_since(job.request->since);
    const auto live = pool_ ? pool_->live() : 0;
    const auto busy = pool_ ? pool_->busy() : 0;
    std::array<char, 160> waits{};
    if (waiting > 0)
        std::snprintf(waits.data(), waits.size(), " min_wait: %.6f max_wait: %.6f avg_wait: %.6f",
                      shortest, longest, sum / waiting);
    std::array<char, 160> memory{};
    const auto mebibytes = static_cast<double>(state_.memory) / static_cast<double>(mebi);
    std::snprintf(memory.data(), memory.size(), "pools_used %.3fM pools_total %.3fM", mebibytes,
                  mebibytes);
    return "POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live " + std::to_string(live) + "  idle " +
           std::to_string(live - busy) + " max " + std::to_string(options_.workers) +
           " idle-timeout " + std::to_string(options_.config.idle_timeout) +
           "\nQUEUE: " + std::to_string(waiting) + " items" + waits.data() + "\n" + tasks_text() +
           "\tSTATS " + seconds_since(asked.since) +
           " \n\nMEMSTATS: heap N/A mmap N/A used N/A free N/A releasable N/A pools 1 " +
           memory.data() + "\n" + gates + "END";
}

} // namespace hostav
