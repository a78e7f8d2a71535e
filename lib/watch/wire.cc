// SPDX-License-Identifier: GPL-2.0-only
#include "watch/wire.h"

#include "base/text.h"
#include "engine/message.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace hostav {

std::string Word::text(std::size_t index) const {
    return index < fields.size() ? fields[index] : std::string();
}

std::uint64_t Word::number(std::size_t index) const {
    return parse_number(text(index)).value_or(0);
}

Wire::Wire(Fd socket) : socket_(std::move(socket)) {
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
}

pollfd Wire::poll_for() const {
    return {socket_.get(), static_cast<short>(kept_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
}

bool Wire::put(const Kept &message) {
    if (send_message(socket_.get(), MessageKind::control, message.body, message.fd.get()))
        return true;
    // The other side is gone: receive() will say so.
    return errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != ETOOMANYREFS;
}

void Wire::send(std::string_view name, const std::vector<std::string> &fields, Fd fd) {
    if (closed())
        return;
    Kept message{std::string(name) + '\0', std::move(fd)};
    for (const auto &field : fields)
        message.body += field + '\0';
    if (message.body.size() >= largest_message)
        message.body.resize(largest_message - 1);
    if (kept_.empty() && put(message))
        return;
    if (kept_.size() >= most || kept_bytes_ + message.body.size() > most_bytes) {
        ++lost_;
        return;
    }
    kept_bytes_ += message.body.size();
    kept_.push_back(std::move(message));
}

std::uint64_t Wire::take_lost() {
    return kept_.size() > most / 2 || kept_bytes_ > most_bytes / 2 ? 0 : std::exchange(lost_, 0);
}

std::size_t Wire::kept_descriptors() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        kept_, [](const Kept &message) { return static_cast<bool>(message.fd); }));
}

void Wire::flush() {
    while (!kept_.empty() && !closed() && put(kept_.front())) {
        kept_bytes_ -= kept_.front().body.size();
        kept_.pop_front();
    }
}

std::optional<Word> Wire::receive() {
    if (closed())
        return std::nullopt;
    bool would_block = false;
    errno = 0;
    auto message = receive_message(socket_.get(), false, would_block);
    // The other side died with words of ours unread. Its own last words are still there.
    if (!message && !would_block && errno == ECONNRESET)
        message = receive_message(socket_.get(), false, would_block);
    if (!message) {
        if (!would_block)
            socket_.reset();
        return std::nullopt;
    }
    Word word;
    word.fd = std::move(message->fd);
    std::string_view body = message->body;
    bool first = true;
    for (auto end = body.find('\0'); end != std::string_view::npos; end = body.find('\0')) {
        if (first)
            word.name = body.substr(0, end);
        else
            word.fields.emplace_back(body.substr(0, end));
        first = false;
        body.remove_prefix(end + 1);
    }
    return word;
}

} // namespace hostav
