// SPDX-License-Identifier: GPL-2.0-only
#include "scan/resident.h"

#include "base/socket.h"
#include "base/text.h"
#include "conf/clamd_client.h"
#include "engine/database.h"
#include "engine/engine_digest.h"

#include <array>
#include <poll.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr int patience = 5000; ///< milliseconds that a full socket is waited for
constexpr std::size_t longest_answer = 256;

} // namespace

bool Resident::send(const std::string &command, int fd) {
    const auto text = "z" + command + '\0';
    pollfd room{socket_.get(), POLLOUT, 0};
    if (::poll(&room, 1, patience) <= 0)
        return false;
    std::array<iovec, 1> part{{{const_cast<char *>(text.data()), text.size()}}};
    return send_with_descriptor(socket_.get(), part, fd) == static_cast<ssize_t>(text.size());
}

Result<std::string> Resident::ask(const std::string &command, int fd) {
    if (!send(command, fd))
        return fail("the resident engine", "is gone");
    auto answer = read_answer(socket_.get(), '\0', longest_answer);
    if (!answer.ends_with('\0'))
        return fail("the resident engine", "does not answer");
    answer.pop_back();
    return answer;
}

Result<std::shared_ptr<Resident>> Resident::connect(const std::string &socket) {
    auto fd = connect_unix(socket);
    if (!fd)
        return std::unexpected(fd.error());
    std::shared_ptr<Resident> resident(new Resident(std::move(*fd)));
    if (::geteuid() != 0)
        return resident;
    auto registered = resident->ask("HOSTAV-REGISTER");
    if (!registered)
        return std::unexpected(registered.error());
    if (*registered != "OK")
        return fail(escape_path(socket), "is not hostav's");
    resident->root_ = true;
    return resident;
}

Result<void> Resident::offer(const EngineOptions &options, bool nice) {
    // Asked when signatures are loaded; there they have been.
    if (options.load.fail_if_older_than_days)
        return fail("the resident engine", "does not look at the age of its signatures");
    auto probe = options;
    auto &load = probe.load;
    if (load.databases.empty())
        load.databases.push_back(installed_database_directory());
    load.embedded = load.databases.size() == 1 && options.load.databases.empty() &&
                    !holds_databases(load.databases.front());
    const auto digest = engine_digest(probe);
    if (digest.empty())
        return fail("the signatures", "are being changed");
    const auto answer = ask("HOSTAV-WORKERS " + digest + (nice ? " nice" : ""));
    if (!answer)
        return std::unexpected(answer.error());
    if (!answer->starts_with("OK "))
        return fail("the resident engine", "has other signatures or options");
    signatures_ = parse_number(answer->substr(3)).value_or(0);
    offered_ = true;
    return {};
}

void Resident::tell_clean(int fd, const struct stat &st) {
    if (root_ && offered_)
        send("HOSTAV-CLEAN " + std::to_string(st.st_ctim.tv_sec) + "." +
                 std::to_string(st.st_ctim.tv_nsec),
             fd);
}

Result<void> LentWorkers::start(unsigned number, Fd socket) {
    if (!local_) {
        const auto started = resident_->ask("HOSTAV-START " + std::to_string(number), socket.get());
        if (started && *started == "OK")
            return {};
        // The connection stays: root's opens go on passing the gate.
        auto made = instead_ ? instead_() : fail("the resident engine", "is gone");
        if (!made)
            return std::unexpected(made.error());
        local_ = std::move(*made);
    }
    return local_->start(number, std::move(socket));
}

void LentWorkers::end(unsigned number) {
    if (local_)
        local_->end(number);
    else
        resident_->send("HOSTAV-END " + std::to_string(number), -1);
}

void LentWorkers::wait_for_ended() {
    if (local_)
        local_->wait_for_ended();
}

void LentWorkers::reap() {
    if (local_)
        local_->reap();
}

std::string resident_socket() {
    const auto address = resident_address();
    return address ? address->socket : std::string();
}

} // namespace hostav
