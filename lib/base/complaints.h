// SPDX-License-Identifier: GPL-2.0-only
//
// Diagnostics that repeat themselves: the first of a kind is said at once, those of the next minute
// are counted, and the count is said with the next one.
#pragma once

#include "base/messages.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace hostav {

class Complaints {
  public:
    explicit Complaints(Messages &messages) : messages_(messages) {}

    /// `kind`: what is the same about them; `text` is already escaped.
    void add(Severity severity, const std::string &kind, const std::string &text);
    /// It is over: the next one of the kind is the first again. True when there was one.
    bool over(const std::string &kind);
    [[nodiscard]] Messages &messages() { return messages_; }

  private:
    struct Kind {
        std::chrono::steady_clock::time_point next;
        std::uint64_t unsaid = 0;
    };
    Messages &messages_;
    std::map<std::string, Kind> kinds_;
};

} // namespace hostav
