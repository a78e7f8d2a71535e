// SPDX-License-Identifier: GPL-2.0-only
//
// Events on their way to one destination, within the limits of whoever takes them. Limits and where
// they come from:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
#pragma once

#include "follow/input.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// PutLogEvents: "The maximum batch size is 1,048,576 bytes. This size is calculated as the sum of
/// all event messages in UTF-8, plus 26 bytes for each log event."
inline constexpr std::size_t put_log_events_bytes = 1'048'576;
inline constexpr std::size_t put_log_events_overhead = 26;
/// "The maximum number of log events in a batch is 10,000."
inline constexpr std::size_t put_log_events_count = 10'000;
/// An event may have 1 MB and has to fit into a batch; messages of up to 1,048,546 bytes are known
/// to be taken. Round, and well below.
inline constexpr std::size_t longest_event = 1'000'000;

inline constexpr EventTime hour_ms = 60LL * 60 * 1000;
/// "A batch of log events in a single request cannot span more than 24 hours."
inline constexpr EventTime put_log_events_span = 24 * hour_ms;
/// "None of the log events in the batch can be more than 14 days in the past." (or older than the
/// group's retention period)
inline constexpr EventTime put_log_events_oldest = 14 * 24 * hour_ms;
/// "None of the log events in the batch can be more than 2 hours in the future."
inline constexpr EventTime put_log_events_newest = 2 * hour_ms;

struct BatchLimits {
    std::size_t bytes = put_log_events_bytes;
    std::size_t overhead = put_log_events_overhead;
    std::size_t events = put_log_events_count;
    EventTime span = put_log_events_span;
    EventTime oldest = put_log_events_oldest; ///< before now; 0: no limit
    EventTime newest = put_log_events_newest; ///< after now; 0: no limit
};

struct Destination {
    std::string group, stream;
    bool operator==(const Destination &) const = default;
    auto operator<=>(const Destination &) const = default;
};

class Batch {
  public:
    struct Item {
        EventTime time;
        std::uint32_t begin, size; ///< of the message in the batch's text
        std::uint64_t offset;      ///< in the source
    };
    struct Reject {
        EventTime time;
        std::uint64_t offset;
        std::string message, why;
    };

    /// Empties it, for other limits and another time; keeps the memory.
    void begin(const BatchLimits &limits, EventTime now);
    /// False: it has no room for this one. What nobody would take (too old, too new) is taken, as
    /// a reject.
    bool add(const Event &event);
    /// By time, those of one time in the order they came: as the service wants them.
    void sort();

    [[nodiscard]] const std::vector<Item> &items() const { return items_; }
    [[nodiscard]] std::string_view message(const Item &item) const {
        return std::string_view(text_).substr(item.begin, item.size);
    }
    [[nodiscard]] std::vector<Reject> &rejects() { return rejects_; }
    /// As the service counts them.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] bool empty() const { return items_.empty() && rejects_.empty(); }

  private:
    BatchLimits limits_;
    EventTime now_ = 0, first_ = 0, last_ = 0;
    std::size_t bytes_ = 0;
    std::size_t reject_bytes_ = 0;
    bool sorted_ = true;
    std::string text_;
    std::vector<Item> items_;
    std::vector<Reject> rejects_;
    [[nodiscard]] const char *refusal(const Event &event) const;
};

} // namespace hostav
