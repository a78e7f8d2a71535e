// SPDX-License-Identifier: GPL-2.0-only
//
// What the processes of onaccess-watch say to each other: one packet a message (engine/message.h),
// its body a word and its fields, each ended by NUL, with at most one descriptor. Sending never
// waits: who may not lose a message keeps it (Outbox) until there is room.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct Word {
    std::string name;
    std::vector<std::string> fields; ///< without NUL in them
    Fd fd;

    /// A field as text or number; empty and 0 where there is none.
    [[nodiscard]] std::string text(std::size_t index) const;
    [[nodiscard]] std::uint64_t number(std::size_t index) const;
};

/// One end of a message_pair(), not blocking.
class Wire {
  public:
    Wire() = default;
    explicit Wire(Fd socket);

    /// Sends, or keeps for later: in order, as many as `most` and `most_bytes` allow; then the
    /// newest are lost and counted.
    void send(std::string_view name, const std::vector<std::string> &fields = {}, Fd fd = Fd());
    /// Sends what was kept, as far as there is room.
    void flush();
    /// The next word; nothing when there is none, or the other side is gone (then closed()).
    [[nodiscard]] std::optional<Word> receive();

    [[nodiscard]] bool closed() const { return !socket_; }
    [[nodiscard]] pollfd poll_for() const;
    /// How many were lost since this was asked last; 0 until there is room to speak of it.
    [[nodiscard]] std::uint64_t take_lost();
    /// Descriptors that wait with their words for room.
    [[nodiscard]] std::size_t kept_descriptors() const;

  private:
    struct Kept {
        std::string body;
        Fd fd;
    };
    static constexpr std::size_t most = 10000;
    static constexpr std::size_t most_bytes = std::size_t{16} << 20U; ///< paths may be long
    Fd socket_;
    std::deque<Kept> kept_;
    std::size_t kept_bytes_ = 0;
    std::uint64_t lost_ = 0;
    bool put(const Kept &message);
};

} // namespace hostav
