// SPDX-License-Identifier: GPL-2.0-only
//
// clamd's commands.
#include "watch/door.h"

#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *command_list =
    "| COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END SHUTDOWN MULTISCAN "
    "FILDES STATS IDSESSION INSTREAM DETSTATSCLEAR DETSTATS ALLMATCHSCAN";

struct Known {
    const char *name;
    bool argument; ///< separated by a blank or a tab
    bool bare;     ///< works without framing
    bool session;  ///< works inside a session
};
constexpr std::array known{
    Known{"PING", false, true, true},
    Known{"VERSION", false, true, true},
    Known{"VERSIONCOMMANDS", false, false, true},
    Known{"RELOAD", false, true, false},
    Known{"SHUTDOWN", false, true, false},
    Known{"QUIT", false, true, false},
    Known{"SCAN", true, true, true},
    Known{"CONTSCAN", true, true, false},
    Known{"MULTISCAN", true, true, false},
    Known{"ALLMATCHSCAN", true, false, false},
    Known{"INSTREAM", false, false, true},
    Known{"FILDES", false, true, true},
    Known{"STATS", false, false, true},
    Known{"IDSESSION", false, false, false},
    Known{"END", false, false, true},
    Known{"DETSTATS", false, true, false},
    Known{"DETSTATSCLEAR", false, true, false},
};

constexpr const char *blanks = " \t";

const Known *find_command(const std::string &text) {
    const auto name = command_name(text);
    const bool with_argument = text.size() > name.size();
    const auto *const found = std::ranges::find_if(known, [&](const Known &each) {
        return name == each.name && each.argument == with_argument;
    });
    return found == known.end() ? nullptr : found;
}

} // namespace

std::string command_name(const std::string &text) {
    return text.substr(0, text.find_first_of(blanks));
}

std::string command_argument(const std::string &text) {
    const auto blank = text.find_first_of(blanks);
    return blank == std::string::npos ? std::string() : text.substr(blank + 1);
}

std::string reply_path(const std::string &path, char framing) {
    if (framing == 'z')
        return path;
    std::string safe;
    for (const char c : path)
        safe += c == '\n' || c == '\r' ? '?' : c;
    return safe;
}

std::string Door::version() const {
    return state_.version.empty() ? "ClamAV " + Engine::version() : state_.version;
}

void Door::refuse(const Client &client, char framing, std::uint64_t number) {
    if (client->session)
        client->reply(number, framing, "Command invalid inside IDSESSION. ERROR");
    else
        client->reply(0, framing, "UNKNOWN COMMAND");
    client->session = false;
    client->served = true;
    client->state = Connection::State::closing;
}

void Door::take_commands(const Client &client) {
    using State = Connection::State;
    for (;;) {
        if (client->state == State::stream) {
            take_stream(client);
            if (client->state == State::stream)
                return;
        }
        if (client->state == State::descriptor) {
            take_descriptor(client);
            if (client->state == State::descriptor)
                return;
        }
        const bool more =
            client->session || client->lender || client->registered || !client->served;
        if (client->state != State::commands || client->gone || !more || stalled(*client))
            return;
        const auto command = client->next_command();
        if (!command) {
            if (client->too_long())
                client->abort();
            return;
        }
        execute(client, *command);
        refuse_descriptor(client, command->framing);
    }
}

/// In a session a descriptor that is no command's ends it. It came with the last bytes that were
/// read: while there are more it may be a later command's.
void Door::refuse_descriptor(const Client &client, char framing) {
    if (!client->session || client->state != Connection::State::commands ||
        !client->has_descriptor() || client->buffered() > 0)
        return;
    client->reply(client->requests + 1, framing,
                  "PROTOCOL ERROR: ancillary data sent without FILDES. ERROR");
    client->session = false;
    client->state = Connection::State::closing;
}

void Door::execute(const Client &client, const Command &command) {
    if (command.framing == 'z' && command.text.starts_with("HOSTAV-")) {
        client->served = true;
        if (!execute_own(client, command))
            refuse(client, command.framing, 0);
        return;
    }
    const auto *const found = find_command(command.text);
    const auto number = client->session ? ++client->requests : 0;
    const bool fits = found != nullptr && (client->session ? found->session && command.framing != 0
                                                           : command.framing != 0 || found->bare);
    const bool end = found != nullptr && std::string_view(found->name) == "END";
    if (!fits || (end && !client->session))
        return refuse(client, command.framing, number);
    client->served = true;
    if (!execute_simple(client, command, number))
        execute_scan(client, command, number);
}

bool Door::execute_simple(const Client &client, const Command &command, std::uint64_t number) {
    const auto &text = command.text;
    const auto reply = [&](const std::string &answer) {
        client->reply(number, command.framing, answer);
        return true;
    };
    if (text == "PING")
        return reply("PONG");
    if (text == "VERSION")
        return reply(version());
    if (text == "VERSIONCOMMANDS")
        return reply(version() + command_list);
    if (text == "RELOAD") {
        control_.send("reload");
        return reply("RELOADING");
    }
    if (text == "SHUTDOWN" || text == "QUIT") {
        // A socket that everybody may use must not switch the gate off.
        if (options_.config.watches() && client->uid != 0)
            return reply("Access denied. ERROR");
        control_.send("shutdown", {std::to_string(client->uid)});
        client->state = Connection::State::closing;
        return true;
    }
    if (text == "STATS") {
        ++client->outstanding;
        asked_["stats"].push_back({client, number, command.framing});
        control_.send("ask", {"stats"});
        return true;
    }
    if (text == "IDSESSION") {
        client->session = true;
        return true;
    }
    if (text == "END" || text.starts_with("DETSTATS")) {
        client->state = Connection::State::closing;
        return true;
    }
    return false;
}

bool Door::execute_scan(const Client &client, const Command &command, std::uint64_t number) {
    const auto name = command_name(command.text);
    if (name == "INSTREAM" || name == "FILDES") {
        Connection::Transfer transfer;
        transfer.request = number;
        transfer.framing = command.framing;
        client->transfer = std::move(transfer);
        client->state =
            name == "INSTREAM" ? Connection::State::stream : Connection::State::descriptor;
        client->heard = Clock::now();
        return true;
    }
    auto request = std::make_shared<Request>();
    request->kind = name == "SCAN"        ? Kind::scan
                    : name == "CONTSCAN"  ? Kind::contscan
                    : name == "MULTISCAN" ? Kind::multiscan
                                          : Kind::allmatch;
    request->client = client;
    request->number = number;
    request->framing = command.framing;
    request->argument = command_argument(command.text);
    if (request->kind == Kind::allmatch && !options_.config.allow_all_match) {
        client->reply(number, command.framing,
                      reply_path(request->argument, command.framing) +
                          ": ALLMATCHSCAN command disabled by clamd configuration. ERROR");
        return true;
    }
    begin(std::move(request));
    return true;
}

void Door::take_stream(const Client &client) {
    auto &transfer = *client->transfer;
    while (client->buffered() > 0) {
        if (transfer.left == 0) {
            constexpr std::size_t head = 4;
            if (client->buffered() < head)
                return;
            const auto bytes = client->take_bytes(head);
            std::uint64_t length = 0;
            for (const char c : bytes)
                length = length << 8 | static_cast<unsigned char>(c);
            if (length == 0)
                return end_stream(client);
            const auto most = options_.config.stream_max_length;
            if (most != 0 && transfer.size + length > most) {
                log("warning",
                    "INSTREAM: Size limit reached, (requested: " + std::to_string(length) +
                        ", max: " + std::to_string(most - transfer.size) + ")");
                client->reply(transfer.request, transfer.framing,
                              "INSTREAM size limit exceeded. ERROR");
                client->transfer.reset();
                client->state = Connection::State::closing;
                return;
            }
            transfer.left = length;
        }
        const auto bytes = client->take_bytes(transfer.left);
        Result<void> written;
        if (!transfer.file) {
            auto made = unnamed_file(options_.config.temporary_directory.value_or("/tmp"));
            if (made)
                transfer.file = std::move(*made);
            else
                written = std::unexpected(made.error());
        }
        if (transfer.file)
            written = write_all(transfer.file.get(), bytes, "INSTREAM");
        if (!written) {
            log("error", written.error().text());
            client->reply(transfer.request, transfer.framing,
                          "Error writing to temporary file. ERROR");
            client->transfer.reset();
            client->state = Connection::State::closing;
            return;
        }
        transfer.size += bytes.size();
        transfer.left -= bytes.size();
    }
}

void Door::end_stream(const Client &client) {
    auto transfer = std::move(*client->transfer);
    client->transfer.reset();
    client->state = Connection::State::commands;
    auto request = std::make_shared<Request>();
    request->kind = Kind::stream;
    request->client = client;
    request->number = transfer.request;
    request->framing = transfer.framing;
    request->shown = "stream";
    request->logged = "instream(" + client->peer + ")";
    if (!transfer.file) { // nothing was sent
        client->reply(request->number, request->framing, "stream: OK");
        return;
    }
    request->file = std::move(transfer.file);
    begin(std::move(request));
}

void Door::take_descriptor(const Client &client) {
    if (!client->has_descriptor() && client->buffered() == 0)
        return;
    auto transfer = std::move(*client->transfer);
    client->transfer.reset();
    client->state = Connection::State::commands;
    if (!client->has_descriptor()) {
        client->reply(transfer.request, transfer.framing, "No file descriptor received. ERROR");
        client->state = Connection::State::closing;
        return;
    }
    if (client->buffered() > 0 && !(client->session))
        client->drop_bytes();
    else if (client->buffered() > 0)
        client->take_bytes(1);
    auto request = std::make_shared<Request>();
    request->kind = Kind::descriptor;
    request->client = client;
    request->number = transfer.request;
    request->framing = transfer.framing;
    request->file = client->take_descriptor();
    request->shown = "fd[" + std::to_string(request->file.get()) + "]";
    const auto refused = [&](const char *why) {
        client->reply(request->number, request->framing, request->shown + ": " + why + " ERROR");
    };
    // What the kernel knows: the server of a remote or FUSE file may take its time.
    struct statx st = {};
    if (::statx(request->file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) !=
            0 ||
        !S_ISREG(st.stx_mode))
        return refused("Not a regular file");
    const int mode = ::fcntl(request->file.get(), F_GETFL);
    if (mode < 0 || (mode & O_PATH) != 0 || (mode & O_ACCMODE) == O_WRONLY)
        return refused("Access denied.");
    std::array<char, 4097> link{};
    const auto name = "/proc/self/fd/" + std::to_string(request->file.get());
    const auto size = ::readlink(name.c_str(), link.data(), link.size() - 1);
    request->logged =
        size > 0 ? std::string(link.data(), static_cast<std::size_t>(size)) : request->shown;
    begin(std::move(request));
}

} // namespace hostav
