// SPDX-License-Identifier: GPL-2.0-only
#include "ship/stdout_sink.h"

#include "base/json_text.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <unistd.h>

namespace hostav {

void StdoutSink::deliver(const Parcel &parcel, Done done) {
    std::string head = "{\"logGroupName\":";
    append_json_text(head, parcel.destination->group);
    head += ",\"logStreamName\":";
    append_json_text(head, parcel.destination->stream);
    head += ",\"timestamp\":";
    std::string lines;
    for (std::size_t i = 0; i < parcel.count; ++i) {
        const auto &item = parcel.batch->items()[parcel.first + i];
        lines += head + std::to_string(item.time) + ",\"message\":";
        append_json_text(lines, parcel.batch->message(item));
        lines += "}\n";
    }
    jobs_.push_back({std::move(lines), 0, std::move(done)});
    work();
}

/// False: it has to wait, or has failed (then the job is done).
bool StdoutSink::write_front() {
    auto &job = jobs_.front();
    while (job.written < job.lines.size()) {
        pollfd ready{fd_, POLLOUT, 0};
        if (::poll(&ready, 1, 0) <= 0)
            return false;
        // A pipe that is ready takes so much without blocking; more it may not.
        const auto size = std::min<std::size_t>(job.lines.size() - job.written, PIPE_BUF);
        const auto wrote = ::write(fd_, job.lines.data() + job.written, size);
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN))
            return false;
        if (wrote < 0) {
            // What is written of it is written: who repeats it goes on with a new line.
            const auto outcome =
                errno == EPIPE || errno == EBADF ? Outcome::closed : Outcome::again;
            const bool ambiguous = job.written > 0;
            const auto failed = std::exchange(jobs_, {});
            const auto why = fail_errno("stdout").error().text();
            for (const auto &one : failed)
                one.done({.outcome = outcome, .why = why, .ambiguous = ambiguous});
            return false;
        }
        job.written += static_cast<std::size_t>(wrote);
    }
    return true;
}

void StdoutSink::work() {
    while (!jobs_.empty() && write_front()) {
        const auto job = std::move(jobs_.front());
        jobs_.pop_front();
        job.done({Outcome::accepted, ""});
    }
}

void StdoutSink::add_descriptors(std::vector<pollfd> &to) const {
    if (!jobs_.empty())
        to.push_back({fd_, POLLOUT, 0});
}

} // namespace hostav
