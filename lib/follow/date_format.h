// SPDX-License-Identifier: GPL-2.0-only
//
// Time stamps in events, by awslogs' datetime_format: the directives of Python's strptime
// (https://docs.python.org/3/library/datetime.html#strftime-and-strptime-format-codes), searched
// for anywhere in the event, the first match, case-insensitive. Names of days and months in English
// (the C locale). As Python's, it becomes a regular expression.
//
// A search costs some 200 ns and writes to memory of the object: one thread at a time.
#pragma once

#include "base/error.h"
#include "base/regex.h"
#include "follow/input.h"

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

enum class TimeZone { local, utc };

class DateFormat {
  public:
    /// Fails for directives that strptime does not have, or that cannot go together. `zone` counts
    /// where the text does not say one (%z, %Z).
    static Result<DateFormat> compile(const std::string &format, TimeZone zone,
                                      const std::string &what);
    DateFormat(DateFormat &&) noexcept;
    DateFormat &operator=(DateFormat &&) noexcept;
    DateFormat(const DateFormat &) = delete;
    DateFormat &operator=(const DateFormat &) = delete;
    ~DateFormat();

    /// The time in the event, or nothing. Without a year in the format: this one, or last year's
    /// where that month is still to come; `now` is for that only. (A day's grace: on 31 December
    /// January is next year's.)
    [[nodiscard]] std::optional<EventTime> find(std::string_view event, std::time_t now) const;
    /// Whether it occurs at all: multi_line_start_pattern = {datetime_format}.
    [[nodiscard]] bool occurs(std::string_view line) const;
    [[nodiscard]] const std::string &expression() const;

  private:
    struct Impl;
    explicit DateFormat(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
