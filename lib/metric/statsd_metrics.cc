// SPDX-License-Identifier: GPL-2.0-only
#include "metric/statsd_metrics.h"

#include "base/socket.h"
#include "base/text.h"

#include <algorithm>
#include <sys/socket.h>

namespace hostav {

namespace {

/// Bytes that fit one packet of every usual network.
constexpr std::size_t most_bytes = 1400;

/// Without what ends or divides something in a line.
std::string legal(std::string_view text, bool value) {
    std::string out(text);
    std::ranges::replace_if(
        out,
        [value](char c) {
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
            const bool inside = value && (c == '/' || c == ':');
            return !plain && !inside;
        },
        '_');
    return out;
}

} // namespace

std::vector<std::string> statsd_lines(const std::string &name_space, const Datum &datum,
                                      bool distribution) {
    const auto name = legal(name_space, false) + "." + legal(datum.metric.name, false) + ":";
    std::string tags;
    for (const auto &[tag, value] : datum.metric.dimensions)
        tags += (tags.empty() ? "|#" : ",") + legal(tag, false) + ":" + legal(value, true);
    if (datum.metric.gauge)
        return {name + number_text(sum_of(datum)) + "|g" + tags};
    if (!distribution)
        return {name + number_text(sum_of(datum)) + "|c" + tags};
    std::vector<std::string> lines;
    lines.reserve(datum.values.size());
    for (const auto &[value, count] : datum.values)
        lines.push_back(name + number_text(value) + "|h" +
                        (count == 1 ? "" : "|@" + number_text(1 / count)) + tags);
    return lines;
}

StatsdMetrics::StatsdMetrics(std::string host, std::string port, std::string name_space,
                             bool distribution)
    : host_(std::move(host)), port_(std::move(port)), name_space_(std::move(name_space)),
      distribution_(distribution) {}

Result<std::unique_ptr<StatsdMetrics>>
StatsdMetrics::create(const std::string &target, std::string name_space, bool distribution) {
    constexpr std::uint64_t most_port = 65535;
    const auto colon = target.rfind(':');
    auto host = target.substr(0, colon == std::string::npos ? 0 : colon);
    const auto port = colon == std::string::npos ? "" : target.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    const auto number = parse_number(port).value_or(0);
    if (host.empty() || number == 0 || number > most_port)
        return fail(escape_path(target), "is no HOST:PORT");
    return std::unique_ptr<StatsdMetrics>(
        new StatsdMetrics(std::move(host), port, std::move(name_space), distribution));
}

Result<void> StatsdMetrics::send(const std::string &datagram) {
    if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0)
        return fail_errno(escape_path(host_ + ":" + port_));
    return {};
}

void StatsdMetrics::push(const std::vector<Datum> &data, Done done) {
    auto socket = connect_udp(host_, port_); // anew: names and addresses change
    if (!socket)
        return done({Pushed::Outcome::again, 0, socket.error().text(), {}});
    socket_ = std::move(*socket);
    std::size_t sent = 0;
    for (const auto &datum : data) {
        // One datum at a time, so that a failure tells which are gone.
        std::string datagram;
        for (const auto &line : statsd_lines(name_space_, datum, distribution_)) {
            if (!datagram.empty() && datagram.size() + 1 + line.size() > most_bytes) {
                if (const auto done_so_far = send(datagram); !done_so_far)
                    return done(pushed_now(done_so_far, 0));
                datagram.clear();
            }
            datagram += (datagram.empty() ? "" : "\n") + line;
        }
        const auto last = send(datagram);
        if (!last && sent == 0)
            return done(pushed_now(last, 0));
        if (!last)
            break; // the rest is for the next push
        ++sent;
    }
    done(pushed_now({}, sent));
}

} // namespace hostav
