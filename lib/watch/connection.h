// SPDX-License-Identifier: GPL-2.0-only
//
// One client of the clamd protocol: its framing, what it has sent and not been answered, what it
// has not read yet. Parses nothing but the framing. See facts in clamd(8) and onaccess-watch(8).
#pragma once

#include "base/fd.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace hostav {

class RemoteWorkers;

/// A command without its framing.
struct Command {
    char framing = 0; ///< `n`, `z`, or 0 for a bare one
    std::string text;
};

class Connection {
  public:
    using Clock = std::chrono::steady_clock;
    enum class State { commands, stream, descriptor, closing };
    /// clamd's buffer, framing included; a command that does not fit closes the connection.
    static constexpr std::size_t longest_command = 4104;

    Connection(std::uint64_t number, Fd fd, bool unix_socket);

    /// Reads what there is room for. False when the client is gone or sends too much.
    bool receive();
    /// Whether what is in the buffer can only be a command that is too long.
    [[nodiscard]] bool too_long() const;
    /// The next whole command, in State::commands; as clamd takes it: to the first NUL, without a
    /// carriage return before the line end.
    [[nodiscard]] std::optional<Command> next_command();
    /// Takes at most `most` raw bytes, for INSTREAM.
    std::string take_bytes(std::size_t most);
    [[nodiscard]] std::size_t buffered() const { return in_.size(); }
    [[nodiscard]] bool has_descriptor() const { return !descriptors_.empty(); }
    Fd take_descriptor();
    /// The one byte or more that came with a descriptor.
    void drop_bytes() { in_.clear(); }

    /// A reply in the framing of the command; `number` 0: outside a session.
    void reply(std::uint64_t number, char framing, std::string_view text);
    /// Without a prefix, always ended by a line end.
    void say(std::string_view text);
    /// Sends as much as goes. False when the client is gone.
    bool flush();
    [[nodiscard]] std::size_t unsent() const { return out_.size(); }
    /// Closes with a reset: no reply.
    void abort();

    const std::uint64_t id;
    const bool local;
    const Fd socket;
    std::string peer; ///< `local` or `127.0.0.1@44830`
    uid_t uid = static_cast<uid_t>(-1);
    pid_t pid = 0;
    State state = State::commands;
    bool gone = false;       ///< closed, or an error
    bool ended = false;      ///< sends no more, but may still read
    bool session = false;    ///< IDSESSION
    bool served = false;     ///< a command has been taken: one a connection, outside of sessions
    bool registered = false; ///< a scan of root's that the gates let pass
    std::uint64_t requests = 0;
    unsigned outstanding = 0;
    Clock::time_point opened, heard, sent;

    /// INSTREAM and FILDES in progress.
    struct Transfer {
        std::uint64_t request = 0;
        char framing = 0;
        Fd file;
        std::uint64_t size = 0;
        std::uint64_t left = 0; ///< of the chunk
    };
    std::optional<Transfer> transfer;

    /// Workers lent to a scan: its numbers.
    std::shared_ptr<RemoteWorkers> lender;
    bool nice = false; ///< they only get time that nobody else wants
    std::vector<std::pair<std::uint64_t, unsigned>> lent; ///< its number, the server's
    unsigned generation = 0;

  private:
    std::string in_, out_;
    std::deque<Fd> descriptors_;
};

} // namespace hostav
