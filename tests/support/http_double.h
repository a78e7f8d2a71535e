// SPDX-License-Identifier: GPL-2.0-only
//
// A real HTTP/1.1 server on a port of 127.0.0.1, a thread a connection, whose answers the test
// decides: bytes to be sent as they are, or that the connection is reset, closed or left hanging.
// What came is kept for the test to look at.
#pragma once

#include "base/fd.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

class HttpDouble {
  public:
    struct Request {
        std::string method, path;
        std::map<std::string, std::string> headers; ///< names in lower case
        std::string body;
        int connection = 0; ///< from 1
        [[nodiscard]] std::string header(const std::string &name) const {
            const auto found = headers.find(name);
            return found == headers.end() ? std::string() : found->second;
        }
    };
    using Handler = std::function<std::string(const Request &)>;

    // What a handler may return instead of an answer.
    static inline const std::string reset = "\1reset";
    static inline const std::string close = "\1close";
    static inline const std::string hang = "\1hang"; ///< until the other side closes

    static std::string answer(int status, const std::string &body,
                              const std::string &headers = "") {
        return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    explicit HttpDouble(Handler handler) : handler_(std::move(handler)) {
        listening_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        constexpr int backlog = 16;
        if (::bind(listening_.get(), reinterpret_cast<sockaddr *>(&address), size) != 0 ||
            ::listen(listening_.get(), backlog) != 0)
            ::abort();
        ::getsockname(listening_.get(), reinterpret_cast<sockaddr *>(&address), &size);
        port_ = ntohs(address.sin_port);
        accepting_ = std::thread([this] { accept(); });
    }
    ~HttpDouble() {
        stopping_ = true;
        accepting_.join();
        for (auto &thread : threads_)
            thread.join();
    }
    HttpDouble(const HttpDouble &) = delete;
    HttpDouble &operator=(const HttpDouble &) = delete;

    [[nodiscard]] std::string url(const std::string &path = "") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::vector<Request> requests() {
        const std::scoped_lock lock(mutex_);
        return requests_;
    }
    [[nodiscard]] int connections() const { return connections_; }
    /// From now on connections are reset as soon as `bytes` of them were read.
    void reset_after(std::size_t bytes) { reset_after_ = bytes; }

  private:
    Handler handler_;
    hostav::Fd listening_;
    std::uint16_t port_ = 0;
    std::thread accepting_;
    std::list<std::thread> threads_;
    std::mutex mutex_;
    std::vector<Request> requests_;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::atomic<std::size_t> reset_after_ = std::string::npos;

    /// Readable, or the test is over (false).
    bool readable(int fd) {
        constexpr int look_again = 10;
        pollfd entry{fd, POLLIN, 0};
        while (!stopping_)
            if (::poll(&entry, 1, look_again) > 0)
                return true;
        return false;
    }

    void accept() {
        while (readable(listening_.get())) {
            const int fd = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd >= 0)
                threads_.emplace_back([this, fd, number = ++connections_] {
                    const hostav::Fd owner(fd);
                    serve(fd, number);
                });
        }
    }

    static void send_reset(int fd) {
        const linger at_once{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }

    bool more(int fd, std::string &input) {
        std::array<char, 65536> piece{};
        if (!readable(fd))
            return false;
        const auto most = std::min(piece.size(), reset_after_.load());
        const auto got = ::recv(fd, piece.data(), std::max<std::size_t>(most, 1), 0);
        if (got <= 0)
            return false;
        input.append(piece.data(), static_cast<std::size_t>(got));
        if (input.size() >= reset_after_) {
            send_reset(fd);
            return false;
        }
        return true;
    }

    bool read_request(int fd, std::string &input, Request &request) {
        std::size_t end = 0;
        while ((end = input.find("\r\n\r\n")) == std::string::npos)
            if (!more(fd, input))
                return false;
        const auto head = input.substr(0, end + 2);
        const auto first = head.find("\r\n");
        const auto blank = head.find(' ');
        request.method = head.substr(0, blank);
        request.path = head.substr(blank + 1, head.rfind(' ', first) - blank - 1);
        for (auto at = first + 2; at < head.size();) {
            const auto line_end = head.find("\r\n", at);
            const auto line = head.substr(at, line_end - at);
            const auto colon = line.find(':');
            auto name = line.substr(0, colon);
            std::ranges::transform(name, name.begin(), [](char c) {
                return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
            });
            const auto value = line.find_first_not_of(' ', colon + 1);
            request.headers[name] = value == std::string::npos ? "" : line.substr(value);
            at = line_end + 2;
        }
        const auto length = request.header("content-length");
        const auto body = length.empty() ? 0 : std::stoul(length);
        input.erase(0, end + 4);
        while (input.size() < body)
            if (!more(fd, input))
                return false;
        request.body = input.substr(0, body);
        input.erase(0, body);
        return true;
    }

    void serve(int fd, int number) {
        std::string input;
        while (true) {
            Request request;
            request.connection = number;
            if (!read_request(fd, input, request))
                return;
            {
                const std::scoped_lock lock(mutex_);
                requests_.push_back(request);
            }
            const auto answer = handler_(request);
            if (answer == reset)
                return send_reset(fd);
            if (answer == close)
                return;
            if (answer == hang) {
                while (more(fd, input)) {
                }
                return;
            }
            for (std::size_t at = 0; at < answer.size();) {
                const auto sent = ::send(fd, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
                if (sent <= 0)
                    return;
                at += static_cast<std::size_t>(sent);
            }
        }
    }
};
