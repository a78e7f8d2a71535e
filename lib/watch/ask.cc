// SPDX-License-Identifier: GPL-2.0-only
#include "watch/ask.h"

#include "base/text.h"
#include "conf/clamd_client.h"

namespace hostav {

namespace {

constexpr std::size_t longest_pong = 64;
/// Signatures older than this are a reason to look: freshclam's and sigupdate's own limit.
constexpr std::uint64_t old_signatures = 7 * 86400;

Result<ClamdAddress> address_of(const WatchConfig &config) {
    ClamdAddress address;
    if (config.local_socket) {
        address.socket = *config.local_socket;
    } else if (config.tcp_socket) {
        address.host = config.tcp_addr.empty() ? "127.0.0.1" : config.tcp_addr.front();
        address.port = std::to_string(*config.tcp_socket);
    } else {
        return fail("", "the configuration names no socket to ask");
    }
    return address;
}

std::string age(std::uint64_t seconds) {
    constexpr std::uint64_t day = 86400;
    constexpr std::uint64_t hour = 3600;
    if (seconds >= 2 * day)
        return std::to_string(seconds / day) + " days";
    return seconds >= 2 * hour ? std::to_string(seconds / hour) + " hours"
                               : std::to_string(seconds / 60) + " minutes";
}

} // namespace

bool answers_ping(const WatchConfig &config) {
    const auto address = address_of(config);
    return address && ask_clamd(*address, "PING", longest_pong).value_or("") == "PONG";
}

Result<WatchStatus> ask_status(const WatchConfig &config, bool json) {
    const auto address = address_of(config);
    if (!address)
        return std::unexpected(address.error());
    auto answer = ask_daemon_status(*address);
    if (!answer)
        return std::unexpected(answer.error());
    auto &tree = answer->tree;
    const auto field = [&](const char *name) { return text_field(tree.fields, name); };
    const auto number = [&](const char *name) { return parse_number(field(name)).value_or(0); };
    WatchStatus status;
    const bool old = number("signature_age") > old_signatures;
    status.good =
        answer->works && field("embedded") != "true" && !old && tree.lists["missing"].empty();
    if (json) {
        status.text = answer->text + "\n";
        return status;
    }
    auto &text = status.text;
    text = "State: " + field("state") + " (pid " + field("pid") + ", for " + age(number("uptime")) +
           ")\n";
    text += "Engine: " + field("version") + ", " + field("signatures") + " signatures" +
            (field("embedded") == "true" ? " (embedded)" : "") +
            (field("signature_age").empty() ? ""
                                            : ", newest " + age(number("signature_age")) + " old") +
            (old ? " (OLD)" : "") + (field("loading") == "true" ? ", new ones are loading" : "") +
            "\n";
    for (const auto &place : tree.lists["file_systems"])
        text += "Watched: " + escape_path(place) + "\n";
    for (const auto &path : tree.lists["missing"])
        text += "Missing: " + escape_path(path) + "\n";
    text += "Opens: " + field("count_events") + " asked, " + field("count_scans") + " scanned, " +
            field("count_denied") + " denied, " + field("count_deadline") + " past the deadline\n";
    text += "Now: " + field("queue") + " files wait for a worker, " + field("busy") + " of " +
            field("workers") + " workers scan\n";
    text += "Latency of scanned opens: half within " + field("latency_p50") + " us, 99 % within " +
            field("latency_p99") + " us\n";
    for (const auto &block : tree.objects["blocks"])
        text += "Block: " + text_field(block, "time") + " " +
                escape_path(text_field(block, "path")) + ": " + text_field(block, "signature") +
                " " + text_field(block, "answer") + "\n";
    return status;
}

} // namespace hostav
