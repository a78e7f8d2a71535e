// SPDX-License-Identifier: GPL-2.0-only
#include "base/complaints.h"

namespace hostav {

namespace {

constexpr std::chrono::seconds once_in{60};
constexpr std::size_t most_kinds = 1000;

} // namespace

void Complaints::add(Severity severity, const std::string &kind, const std::string &text) {
    const auto now = std::chrono::steady_clock::now();
    if (kinds_.size() >= most_kinds && !kinds_.contains(kind))
        std::erase_if(kinds_, [now](const auto &old) { return old.second.next <= now; });
    // Where too many are remembered, all others are of one kind.
    const bool full = kinds_.size() >= most_kinds && !kinds_.contains(kind);
    auto &known = kinds_[full ? "" : kind];
    if (now < known.next) {
        ++known.unsaid;
        return;
    }
    known.next = now + once_in;
    const auto unsaid = std::exchange(known.unsaid, 0);
    messages_.say(severity, unsaid == 0
                                ? text
                                : text + " (and " + std::to_string(unsaid) + " more of this kind)");
}

bool Complaints::over(const std::string &kind) {
    return kinds_.erase(kind) > 0;
}

} // namespace hostav
