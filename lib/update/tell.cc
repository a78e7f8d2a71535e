// SPDX-License-Identifier: GPL-2.0-only
#include "update/tell.h"

#include "base/account.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/socket.h"
#include "base/text.h"
#include "conf/clamd_client.h"

#include <chrono>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hostav {

namespace {

/// Splits a child's output into lines.
class LineRelay {
  public:
    explicit LineRelay(Messages &messages) : messages_(messages) {}
    void add(std::string_view piece) {
        rest_ += piece;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
            messages_.info(rest_.substr(0, end));
            rest_.erase(0, end + 1);
        }
    }
    void finish() {
        if (!rest_.empty())
            messages_.info(rest_);
    }

  private:
    Messages &messages_;
    std::string rest_;
};

int run_shell(const std::string &command) {
    // Root is given up for good: what somebody writes into a configuration runs as DatabaseOwner.
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    constexpr int cannot = 126;
    if (::getresuid(&real, &effective, &saved) != 0 ||
        (real != effective && ::setresgid(::getegid(), ::getegid(), ::getegid()) != 0) ||
        (real != effective && ::setresuid(effective, effective, effective) != 0))
        return cannot;
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null || ::dup2(null.get(), STDIN_FILENO) < 0)
        return cannot;
    ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char *>(nullptr));
    return cannot;
}

} // namespace

Result<void> notify_clamd(const std::string &clamd_conf) {
    const auto address = read_clamd_address(clamd_conf);
    if (!address)
        return std::unexpected(address.error());
    const auto fd = connect_clamd(*address);
    if (!fd)
        return std::unexpected(fd.error());
    const auto what =
        escape_path(address->socket.empty() ? "port " + address->port : address->socket);
    constexpr std::string_view command = "RELOAD"; // old style, understood by every clamd
    if (::send(fd->get(), command.data(), command.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(command.size()))
        return fail_errno(what);
    constexpr std::string_view expected = "RELOADING";
    const auto answer = read_answer(fd->get(), '\n', expected.size() + 1);
    if (!answer.starts_with(expected))
        return fail(what, answer.empty() ? "does not answer"
                                         : "unknown answer from clamd: " + escape_path(answer));
    return {};
}

Result<std::string> expand_command(const std::string &option, const std::string &command,
                                   const std::string &version) {
    constexpr std::string_view harmless =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_~";
    std::string expanded;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char next = i + 1 < command.size() ? command[i + 1] : '\0';
        if (command[i] != '%' || (next != 'v' && next != '%')) {
            expanded += command[i];
            continue;
        }
        ++i;
        if (next == '%') {
            expanded += '%';
            continue;
        }
        // It came by DNS, and goes to a shell.
        if (version.empty() || version.find_first_not_of(harmless) != std::string::npos)
            return fail(option, "is not run: " + escape_path(version) + " is no version");
        expanded += version;
    }
    return expanded;
}

Result<void> run_command(const std::string &option, const std::string &command, Messages &messages,
                         Signals *signals) {
    auto child = Child::start({.name = option, .capture_output = true, .own_group = true},
                              [&command] { return run_shell(command); });
    if (!child)
        return std::unexpected(child.error());
    constexpr auto limit = std::chrono::minutes(10);
    LineRelay relay(messages);
    const auto status =
        child->wait(limit, signals, [&relay](std::string_view piece) { relay.add(piece); });
    relay.finish();
    if (!status)
        return std::unexpected(status.error());
    if (*status != 0)
        return fail(option, "the command ended with status " + std::to_string(*status));
    return {};
}

} // namespace hostav
