// SPDX-License-Identifier: GPL-2.0-only
//
// Bytes to events: lines, decoded; those that belong together joined; each with its time. Used by
// whatever is read piece by piece (files, stdin). Keeps at most one event and one piece of a line
// in memory, whatever comes.
//
// What it makes of a source depends on the source's bytes only, not on the pieces in which they
// come or where reading was interrupted; end() is the exception, because it ends what is not ended.
#pragma once

#include "base/encoding.h"
#include "base/regex.h"
#include "follow/date_format.h"
#include "follow/input.h"

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

/// How a source's bytes are read; shared by all its files.
struct EventFormat {
    std::optional<DateFormat> date; ///< nothing: events happen when they are read
    std::optional<Regex> start;     ///< multi_line_start_pattern; nothing: `^[^\s]`
    bool start_is_date = false;     ///< multi_line_start_pattern = {datetime_format}
    bool lines = false;             ///< every line is an event, whatever `start` is
    std::string encoding = "utf_8";
    /// Longest event in bytes of UTF-8, at least 100, always with room for both marks; longer ones
    /// are cut, between lines where that is possible, always between characters, into pieces that
    /// say so: each but the last ends in ` [continued]`, each but the first begins with
    /// `[continuation] `.
    std::size_t longest = 1'000'000;
};

/// What has to be known to go on from an offset.
struct ReadState {
    std::uint64_t offset = 0;           ///< of the first byte that is not part of a taken event
    std::optional<EventTime> last_time; ///< of the last event that had one: others inherit it
    /// The first piece of the event at the offset is taken already: what comes up to the next line
    /// end continues it.
    bool inside_event = false;
    bool operator==(const ReadState &) const = default;
};

class EventReader {
  public:
    /// `format` must outlive it. `now`: for events without a time, and for years that are not said.
    static Result<std::unique_ptr<EventReader>> create(const EventFormat &format);
    ~EventReader();
    EventReader(const EventReader &) = delete;
    EventReader &operator=(const EventReader &) = delete;
    EventReader(EventReader &&) = delete;
    EventReader &operator=(EventReader &&) = delete;

    /// Forgets what it has, and goes on from there. `first_bytes`: the source's first four bytes or
    /// more, for byte order marks; may be empty where `from` is the source's begin.
    void start(const ReadState &from, std::string_view first_bytes = {});
    /// Takes the bytes that follow. True: go on; false: `take` has refused an event, and state() is
    /// before it: go on with start(state()), and with the bytes from there.
    bool feed(std::string_view bytes, std::time_t now, const TakeEvent &take);
    enum class End {
        open,  ///< more may come soon: what waits goes on waiting
        lines, ///< no line has come for a while: what ended with a line is an event
        all    ///< also a line without an end; what it continues with is marked so
    };
    /// Nothing more is there now. False as feed().
    bool end(End how, std::time_t now, const TakeEvent &take);

    /// After the last event that was taken.
    [[nodiscard]] const ReadState &state() const;
    [[nodiscard]] bool has_half_line() const; ///< what waits does not end with a line end
    [[nodiscard]] bool has_event() const;     ///< something waits
    /// Since start(): what went into Input::Filled. Of events that were taken.
    [[nodiscard]] const Input::Filled &counts() const;

  private:
    struct Impl;
    explicit EventReader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
