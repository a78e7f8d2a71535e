// SPDX-License-Identifier: GPL-2.0-only
#include "update/tell.h"

#include "base/account.h"
#include "base/child.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/text.h"
#include "conf/clam_conf.h"

#include <array>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hostav {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int patience = 10000; // milliseconds, for clamd

struct ClamdAddress {
    std::string socket, host, port;
};

Result<ClamdAddress> read_address(const std::string &path) {
    const auto lines = read_clam_conf(path);
    if (!lines)
        return std::unexpected(lines.error());
    ClamdAddress address;
    for (const auto &line : *lines) {
        auto *to = line.option == "LocalSocket" ? &address.socket
                   : line.option == "TCPSocket" ? &address.port
                   : line.option == "TCPAddr"   ? &address.host
                                                : nullptr;
        if (to != nullptr && to->empty())
            *to = line.value;
    }
    if (address.socket.empty() && address.port.empty())
        return fail(escape_path(path), "names no socket of clamd");
    return address;
}

/// Waits until a connection stands, or says why it does not.
Result<void> await_connection(int fd, const std::string &what) {
    pollfd set{fd, POLLOUT, 0};
    if (::poll(&set, 1, patience) <= 0)
        return fail(what, "does not answer");
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return fail_errno(what, error);
    return {};
}

Result<Fd> connect_to(const sockaddr *address, socklen_t size, const std::string &what) {
    Fd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return fail_errno(what);
    if (::connect(fd.get(), address, size) != 0) {
        if (errno != EINPROGRESS)
            return fail_errno(what);
        if (auto connected = await_connection(fd.get(), what); !connected)
            return std::unexpected(connected.error());
    }
    return fd;
}

Result<Fd> connect_unix(const std::string &path) {
    const auto what = escape_path(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(what, "is too long for a socket's path");
    std::memcpy(&address.sun_path, path.data(), path.size());
    return connect_to(reinterpret_cast<const sockaddr *>(&address), sizeof address, what);
}

Result<Fd> connect_tcp(const ClamdAddress &to) {
    const auto host = to.host.empty() ? std::string("localhost") : to.host;
    const auto what = escape_path(host + ":" + to.port);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), to.port.c_str(), &hints, &found); error != 0)
        return fail(what, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> all(found, ::freeaddrinfo);
    Result<Fd> last = fail(what, "has no address");
    for (const auto *each = found; each != nullptr; each = each->ai_next) {
        last = connect_to(each->ai_addr, each->ai_addrlen, what);
        if (last)
            break;
    }
    return last;
}

/// Up to `size` bytes of an answer, until it has a line end or the other side closes.
std::string read_answer(int fd, std::size_t size) {
    const auto end = Clock::now() + std::chrono::milliseconds(patience);
    std::string answer;
    while (answer.size() < size && answer.find('\n') == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        pollfd set{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&set, 1, static_cast<int>(left.count())) <= 0)
            break;
        std::array<char, 64> piece{};
        const auto got = ::read(fd, piece.data(), piece.size());
        if (got <= 0)
            break;
        answer.append(piece.data(), static_cast<std::size_t>(got));
    }
    return answer;
}

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
    const auto address = read_address(clamd_conf);
    if (!address)
        return std::unexpected(address.error());
    const auto fd = address->socket.empty() ? connect_tcp(*address) : connect_unix(address->socket);
    if (!fd)
        return std::unexpected(fd.error());
    const auto what =
        escape_path(address->socket.empty() ? "port " + address->port : address->socket);
    constexpr std::string_view command = "RELOAD"; // old style, understood by every clamd
    if (::send(fd->get(), command.data(), command.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(command.size()))
        return fail_errno(what);
    constexpr std::string_view expected = "RELOADING";
    const auto answer = read_answer(fd->get(), expected.size() + 1);
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
