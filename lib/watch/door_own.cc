// SPDX-License-Identifier: GPL-2.0-only
//
// Our own commands: what `scan` and `onaccess-watch --status` ask.
#include "watch/door.h"

#include "base/text.h"

#include <algorithm>

namespace hostav {

namespace {

/// Workers that scans may have at once, all together; half of them is for root only.
constexpr std::size_t most_lent = 128;

} // namespace

bool Door::execute_own(const Client &client, const Command &command) {
    const auto name = command_name(command.text);
    const auto argument = command_argument(command.text);
    const bool root = client->uid == 0;
    if (name == "HOSTAV-STATUS") {
        ++client->outstanding;
        asked_["status"].push_back({client, 0, 'z'});
        control_.send("ask", {"status"});
    } else if (name == "HOSTAV-REGISTER" && root && !client->registered) {
        client->registered = true;
        ++client->outstanding;
        registering_[client->pid].push_back(client);
        control_.send("register", {std::to_string(client->pid)});
    } else if (name == "HOSTAV-WORKERS" && client->local) {
        return lend(client, argument);
    } else if (name == "HOSTAV-START" && client->lender && client->has_descriptor()) {
        start_lent(client, argument);
    } else if (name == "HOSTAV-END" && client->lender) {
        const auto number = parse_number(argument);
        std::erase_if(client->lent, [&](const auto &pair) {
            if (pair.first != number)
                return false;
            client->lender->end(pair.second);
            --lent_;
            return true;
        });
    } else if (name == "HOSTAV-CLEAN" && client->lender && client->has_descriptor()) {
        auto file = client->take_descriptor();
        if (root)
            control_.send("clean", {std::to_string(client->generation), argument}, std::move(file));
    } else {
        return false;
    }
    return true;
}

/// Answers HOSTAV-START: who is told NO has workers made elsewhere, and is registered as before.
void Door::start_lent(const Client &client, const std::string &argument) {
    auto socket = client->take_descriptor();
    const auto number = parse_number(argument);
    const auto ours = lent_number_++;
    const bool room = lent_ < (client->uid == 0 ? most_lent : most_lent / 2);
    const bool started =
        number && room && client->lender->start(ours, std::move(socket), client->nice);
    if (started) {
        client->lent.emplace_back(*number, ours);
        ++lent_;
    }
    client->reply(0, 'z', started ? "OK" : "NO");
}

/// Answers HOSTAV-WORKERS.
bool Door::lend(const Client &client, const std::string &argument) {
    const auto digest = command_name(argument);
    const auto users = std::ranges::count_if(
        clients_, [](const auto &each) { return each.second->lender && each.second->uid != 0; });
    const bool same = lending_ && !digest.empty() && digest == state_.digest;
    // Their connections have no time limit: some must be left for everybody else.
    const bool room = client->uid == 0 || static_cast<std::size_t>(users) < most_clients_ / 4;
    client->reply(0, 'z',
                  !same  ? "NO other signatures or options"
                  : room ? "OK " + std::to_string(state_.signatures)
                         : "NO too many scans");
    if (same && room && !client->lender) {
        client->lender = lending_;
        client->generation = generation_;
        client->nice = command_argument(argument) == "nice";
    }
    return true;
}

} // namespace hostav
