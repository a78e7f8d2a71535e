// SPDX-License-Identifier: GPL-2.0-only
#include "ship/stdin_feeder.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <unistd.h>

namespace hostav {

namespace {

/// As for files (follow/follower.h).
constexpr std::chrono::milliseconds half_line{5000};
constexpr std::chrono::milliseconds event_end{1000};
/// What is spooled is safe from a power failure after that.
constexpr std::chrono::milliseconds sync_after{1000};
constexpr std::size_t read_size = std::size_t{64} * 1024;

} // namespace

Result<std::unique_ptr<StdinFeeder>> StdinFeeder::create(int fd, const EventFormat &format,
                                                         EventQueue &queue, Complain complain) {
    auto reader = EventReader::create(format);
    if (!reader)
        return std::unexpected(reader.error());
    return std::unique_ptr<StdinFeeder>(
        new StdinFeeder(fd, queue, std::move(*reader), std::move(complain)));
}

StdinFeeder::StdinFeeder(int fd, EventQueue &queue, std::unique_ptr<EventReader> reader,
                         Complain complain)
    : fd_(fd), queue_(queue), reader_(std::move(reader)), complain_(std::move(complain)),
      last_read_(Clock::now()) {
    reader_->start({}, "");
}

void StdinFeeder::add_descriptors(std::vector<pollfd> &to) const {
    if (!queue_.closed() && queue_.has_room())
        to.push_back({fd_, POLLIN, 0});
}

Feeder::Clock::time_point StdinFeeder::next_work() const {
    if (!announced_)
        return Clock::time_point::min();
    auto next = next_sync_;
    if (!queue_.closed() && queue_.has_room() && reader_->has_event())
        next = std::min(next, last_read_ + (reader_->has_half_line() ? half_line : event_end));
    return next;
}

TakeEvent StdinFeeder::taker(Result<void> &pushed) {
    // Never refused: a pipe cannot be read again. has_room() bounds it, but for one read.
    return [this, &pushed](const Event &event) {
        if (auto done = queue_.push(event); !done)
            pushed = done;
        return true;
    };
}

Result<void> StdinFeeder::end(EventReader::End how) {
    Result<void> pushed;
    reader_->end(how, std::time(nullptr), taker(pushed));
    queue_.note(reader_->counts());
    return pushed;
}

Result<void> StdinFeeder::read() {
    std::array<char, read_size> bytes; // NOLINT(*-member-init): read(2) fills it
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, 0) <= 0)
        return {};
    const auto got = ::read(fd_, bytes.data(), bytes.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return {};
    if (got <= 0) {
        // What was read before a failure is delivered all the same.
        failed_ = got < 0;
        if (failed_)
            complain(fail_errno("stdin").error());
        auto done = end(EventReader::End::all);
        queue_.close();
        return done;
    }
    last_read_ = Clock::now();
    next_sync_ = std::min(next_sync_, last_read_ + sync_after);
    Result<void> pushed;
    reader_->feed({bytes.data(), static_cast<std::size_t>(got)}, std::time(nullptr), taker(pushed));
    queue_.note(reader_->counts());
    return pushed;
}

Result<Feeder::Changes> StdinFeeder::work(Clock::time_point now) {
    Changes changes;
    if (!std::exchange(announced_, true))
        changes.appeared.push_back(&queue_);
    Result<void> done;
    if (!queue_.closed() && queue_.has_room())
        done = read();
    // While it is not read, nobody can say that the rest of a line does not come.
    if (done && !queue_.closed() && queue_.has_room() && reader_->has_event()) {
        if (now >= last_read_ + half_line)
            done = end(EventReader::End::all);
        else if (now >= last_read_ + event_end)
            done = end(EventReader::End::lines);
    }
    if (done && (now >= next_sync_ || queue_.closed()))
        sync(now);
    if (!done)
        return std::unexpected(done.error());
    return changes;
}

/// A full disk is no end: what is held in memory is tried again.
void StdinFeeder::sync(Clock::time_point now) {
    next_sync_ = Clock::time_point::max();
    if (const auto synced = queue_.sync(); !synced) {
        next_sync_ = now + sync_after;
        complain(synced.error());
    }
}

void StdinFeeder::complain(const Error &error) const {
    if (complain_)
        complain_(error);
}

std::uint64_t StdinFeeder::conclude() {
    stop(); // who gives up has not been stopped, and half a line may be kept, too
    best_effort(queue_.sync());
    return queue_.unkept();
}

void StdinFeeder::stop() {
    if (queue_.closed())
        return;
    best_effort(end(EventReader::End::all));
    queue_.close();
}

} // namespace hostav
