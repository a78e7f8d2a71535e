// SPDX-License-Identifier: GPL-2.0-only
//
// clamd's commands, and our own.
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
    " | COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END SHUTDOWN MULTISCAN "
    "FILDES STATS IDSESSION INSTREAM DETSTATSCLEAR DETSTATS ALLMATCHSCAN";

struct Known {
    const char *name;
    bool argument; ///< separated by a blank
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
    Known{"FILDES", false, false, true},
    Known{"STATS", false, false, true},
    Known{"IDSESSION", false, false, false},
    Known{"END", false, false, true},
    Known{"DETSTATS", false, true, false},
    Known{"DETSTATSCLEAR", false, true, false},
};

std::string name_of(const std::string &text) {
    return text.substr(0, text.find(' '));
}
std::string argument_of(const std::string &text) {
    const auto blank = text.find(' ');
    return blank == std::string::npos ? std::string() : text.substr(blank + 1);
}

const Known *find_command(const std::string &text) {
    const auto name = name_of(text);
    const bool with_argument = text.size() > name.size();
    const auto *const found = std::ranges::find_if(known, [&](const Known &each) {
        return name == each.name && each.argument == with_argument;
    });
    return found == known.end() ? nullptr : found;
}

/// Workers that scans may have at once, all together; half of them is for root only.
constexpr std::size_t most_lent = 128;

} // namespace

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
        if (client->state != State::commands || client->gone || !more)
            return;
        const auto command = client->next_command();
        if (!command) {
            if (client->buffered() >= Connection::longest_command)
                client->abort();
            return;
        }
        if (command->text.size() >= Connection::longest_command)
            return client->abort();
        execute(client, *command);
    }
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
    // A descriptor comes with the last bytes that were read: it may be a later command's.
    if (client->has_descriptor() && client->buffered() == 0 &&
        (found == nullptr || std::string_view(found->name) != "FILDES")) {
        client->say("1: PROTOCOL ERROR: ancillary data sent without FILDES. ERROR");
        client->served = true;
        client->session = false;
        client->state = Connection::State::closing;
        return;
    }
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
    const auto name = name_of(command.text);
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
    request->argument = argument_of(command.text);
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
    struct stat st = {};
    if (::fstat(request->file.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
        client->reply(request->number, request->framing,
                      request->shown + ": Not a regular file ERROR");
        return;
    }
    std::array<char, 4097> link{};
    const auto name = "/proc/self/fd/" + std::to_string(request->file.get());
    const auto size = ::readlink(name.c_str(), link.data(), link.size() - 1);
    request->logged =
        size > 0 ? std::string(link.data(), static_cast<std::size_t>(size)) : request->shown;
    begin(std::move(request));
}

bool Door::execute_own(const Client &client, const Command &command) {
    const auto name = name_of(command.text);
    const auto argument = argument_of(command.text);
    const bool root = client->uid == 0;
    if (name == "HOSTAV-STATUS") {
        ++client->outstanding;
        asked_["status"].push_back({client, 0, 'z'});
        control_.send("ask", {"status"});
    } else if (name == "HOSTAV-REGISTER" && root) {
        client->registered = true;
        ++client->outstanding;
        registering_[client->pid].push_back(client);
        control_.send("register", {std::to_string(client->pid)});
    } else if (name == "HOSTAV-WORKERS" && client->local) {
        const bool same = lending_ && !argument.empty() && argument == state_.digest;
        client->reply(0, 'z',
                      same ? "OK " + std::to_string(state_.signatures)
                           : "NO other signatures or options");
        if (same) {
            client->lender = lending_;
            client->generation = generation_;
        }
    } else if (name == "HOSTAV-START" && client->lender && client->has_descriptor()) {
        auto socket = client->take_descriptor();
        const auto number = parse_number(argument);
        if (!number || lent_ >= (root ? most_lent : most_lent / 2))
            return false;
        const auto ours = lent_number_++;
        client->lent.emplace_back(*number, ours);
        ++lent_;
        best_effort(client->lender->start(ours, std::move(socket)));
    } else if (name == "HOSTAV-END" && client->lender) {
        const auto number = parse_number(argument);
        std::erase_if(client->lent, [&](const auto &pair) {
            if (pair.first != number)
                return false;
            client->lender->end(pair.second);
            --lent_;
            return true;
        });
    } else if (name == "HOSTAV-CLEAN" && client->lender && client->has_descriptor()) {
        auto file = client->take_descriptor();
        if (root)
            control_.send("clean", {std::to_string(client->generation), argument}, std::move(file));
    } else {
        return false;
    }
    return true;
}

/// As clamd has it; clamdtop reads it. What the gates count comes after it.
std::string Door::stats_text(const std::string &gates) const {
    const auto now = Clock::now();
    const auto seconds = [now](Clock::time_point since) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.6f",
                      std::chrono::duration<double>(now - since).count());
        return std::string(text.data());
    };
    double shortest = 0;
    double longest = 0;
    double sum = 0;
    unsigned waiting = 0;
    std::string tasks;
    static constexpr std::array names{"SCAN",         "CONTSCAN", "MULTISCAN",
                                      "ALLMATCHSCAN", "FILDES",   "INSTREAM"};
    for (const auto &request : requests_) {
        const auto waited = std::chrono::duration<double>(now - request->since).count();
        shortest = waiting == 0 ? waited : std::min(shortest, waited);
        longest = std::max(longest, waited);
        sum += waited;
        waiting += request->running == 0 ? 1 : 0;
    }
    for (const auto &[number, job] : jobs_)
        tasks += "\t" + std::string(names.at(static_cast<std::size_t>(job.request->kind))) + " " +
                 seconds(job.request->since) + " " + escape_path(job.logged) + "\n";
    tasks += "\tSTATS 0.000000 \n";
    const auto live = pool_ ? pool_->live() : 0;
    const auto busy = pool_ ? pool_->busy() : 0;
    std::array<char, 160> queue{};
    std::snprintf(queue.data(), queue.size(),
                  "QUEUE: %u items min_wait: %.6f max_wait: %.6f avg_wait: %.6f\n", waiting,
                  shortest, longest, waiting == 0 ? 0.0 : sum / waiting);
    return "POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live " + std::to_string(live) + "  idle " +
           std::to_string(live - busy) + " max " + std::to_string(options_.workers) +
           " idle-timeout " + std::to_string(options_.config.idle_timeout) + "\n" + queue.data() +
           tasks +
           "\nMEMSTATS: heap N/A mmap N/A used N/A free N/A releasable N/A pools 1 pools_used "
           "0.000M pools_total 0.000M\n" +
           gates + "END";
}

} // namespace hostav
