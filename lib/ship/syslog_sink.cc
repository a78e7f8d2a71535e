// SPDX-License-Identifier: GPL-2.0-only
#include "ship/syslog_sink.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>

namespace hostav {

namespace {

constexpr unsigned priority = 3 * 8 + 5; ///< daemon.notice
/// RFC 5424, section 6: the longest of each field.
constexpr std::size_t longest_host = 255;
constexpr std::size_t longest_app = 48;
constexpr std::chrono::seconds connect_timeout{5};
constexpr std::chrono::seconds connect_again{5};
constexpr std::chrono::seconds acknowledge_timeout{30};
constexpr std::chrono::milliseconds look_again{20};
constexpr std::chrono::milliseconds moment{200};

/// PRINTUSASCII without blanks; `-` for nothing.
std::string header_field(std::string_view text, std::size_t longest) {
    std::string field;
    for (const char c : text.substr(0, longest))
        field += c > ' ' && c < '\x7F' ? c : '_';
    return field.empty() ? "-" : field;
}

std::string parameter(std::string_view text) {
    std::string value;
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == ']')
            value += '\\';
        value += c;
    }
    return value;
}

std::string timestamp(EventTime time) {
    constexpr EventTime second = 1000;
    const auto milliseconds = (time % second + second) % second;
    const auto whole = static_cast<std::time_t>((time - milliseconds) / second);
    std::tm utc{};
    ::gmtime_r(&whole, &utc);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    auto fraction = std::to_string(second + milliseconds).substr(1);
    return std::string(text.data()) + "." + fraction + "Z";
}

} // namespace

Result<SyslogOptions> parse_syslog_address(const std::string &text) {
    SyslogOptions options;
    auto host = text;
    std::string port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string::npos)
            return fail("syslog=" + escape_path(text), "no ] after the address");
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (!port.empty() && port.front() != ':')
            return fail("syslog=" + escape_path(text), "only :PORT may follow the address");
    } else if (const auto colon = text.find(':'); colon != std::string::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (!port.empty()) {
        const auto number = parse_number(port.substr(1));
        if (!number || *number == 0 || *number > std::numeric_limits<std::uint16_t>::max())
            return fail("syslog=" + escape_path(text), "not a port");
        options.port = static_cast<std::uint16_t>(*number);
    }
    if (host.empty())
        return fail("syslog=" + escape_path(text), "no host");
    options.host = host;
    return options;
}

void append_syslog_frame(std::string &to, const Parcel &parcel, const Batch::Item &item,
                         const SyslogOptions &options) {
    std::string message = "<" + std::to_string(priority) + ">1 " + timestamp(item.time) + " " +
                          header_field(options.host_name, longest_host) + " " +
                          header_field(parcel.destination->group, longest_app) + " - - " +
                          "[origin software=\"logship\" swVersion=\"" + options.version +
                          "\"][logship@32473 group=\"" + parameter(parcel.destination->group) +
                          "\" stream=\"" + parameter(parcel.destination->stream) + "\" source=\"" +
                          parameter(to_utf8(*parcel.source)) + "\"] ";
    message += "\xEF\xBB\xBF"; // RFC 5424: UTF-8 begins with its mark
    message += parcel.batch->message(item);
    to += std::to_string(message.size()) + " " + message;
}

BatchLimits SyslogSink::limits() const {
    BatchLimits limits;
    limits.span = std::numeric_limits<EventTime>::max();
    limits.oldest = limits.newest = 0;
    return limits;
}

void SyslogSink::fail_all(const std::string &why) {
    stream_.reset();
    auto jobs = std::exchange(jobs_, {});
    for (auto &job : jobs) {
        Delivery delivery;
        delivery.why = "syslog: " + why;
        delivery.ambiguous = job.sent > 0;
        job.done(std::move(delivery));
    }
}

void SyslogSink::deliver(const Parcel &parcel, Done done) {
    Job job;
    job.done = std::move(done);
    if (!stream_) {
        if (Clock::now() < next_connect_)
            return job.done({Outcome::again, "syslog: " + last_failure_, connect_again});
        auto stream =
            TlsStream::connect(options_.host, options_.port, true, options_.tls, connect_timeout);
        if (!stream) {
            next_connect_ = Clock::now() + connect_again;
            last_failure_ = stream.error().text();
            return job.done({Outcome::again, "syslog: " + last_failure_, connect_again});
        }
        stream_ = std::move(*stream);
    }
    for (std::size_t i = 0; i < parcel.count; ++i)
        append_syslog_frame(job.bytes, parcel, parcel.batch->items()[parcel.first + i], options_);
    // Who takes slowly takes: what counts is the time since it took something.
    if (jobs_.empty())
        progress_ = Clock::now();
    jobs_.push_back(std::move(job));
    work();
}

/// False: it has to wait, or all has failed.
bool SyslogSink::send_front() {
    auto &job = jobs_.front();
    while (job.sent < job.bytes.size()) {
        const auto sent = stream_->send(std::string_view(job.bytes).substr(job.sent));
        if (!sent) {
            fail_all(sent.error().text());
            return false;
        }
        if (*sent == 0)
            return false;
        job.sent += *sent;
        progress_ = Clock::now();
    }
    return true;
}

void SyslogSink::work() {
    while (!jobs_.empty()) {
        if (!send_front())
            break;
        const auto open = stream_->unacknowledged();
        if (!open)
            return fail_all(open.error().text());
        if (*open < unacknowledged_)
            progress_ = Clock::now();
        unacknowledged_ = *open;
        auto &front = jobs_.front();
        if (*open == 0 && front.acknowledged == Clock::time_point::max())
            front.acknowledged = Clock::now();
        if (*open > 0 || Clock::now() < front.acknowledged + moment)
            break;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        job.done({Outcome::accepted, ""});
    }
    if (!jobs_.empty() && Clock::now() >= progress_ + acknowledge_timeout)
        fail_all("the other side takes nothing");
}

void SyslogSink::add_descriptors(std::vector<pollfd> &to) const {
    if (stream_ && !jobs_.empty() && jobs_.front().sent < jobs_.front().bytes.size())
        to.push_back({stream_->fd(), POLLOUT, 0});
}

std::chrono::steady_clock::time_point SyslogSink::next_work() const {
    if (jobs_.empty())
        return Clock::time_point::max();
    const auto &front = jobs_.front();
    if (front.acknowledged != Clock::time_point::max())
        return front.acknowledged + moment;
    return front.sent == front.bytes.size() ? Clock::now() + look_again
                                            : progress_ + acknowledge_timeout;
}

} // namespace hostav
