// SPDX-License-Identifier: GPL-2.0-only
#include "aws/placeholders.h"

#include "base/host_name.h"
#include "base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <string_view>

namespace hostav {

namespace {

constexpr std::array<std::string_view, 3> placeholders{"instance_id", "hostname", "ip_address"};

/// As the old agent's gethostbyname(gethostname()).
Result<std::string> own_address(const std::string &host) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
        return fail("{ip_address}", escape_path(host) + ": " + ::gai_strerror(code));
    const std::unique_ptr<addrinfo, void (*)(addrinfo *)> list(found, ::freeaddrinfo);
    sockaddr_in address{};
    std::memcpy(&address, list->ai_addr, sizeof address);
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    return std::string(text.data());
}

} // namespace

Result<std::string> expand_placeholders(const std::string &text, const Placeholder &value,
                                        const std::string &what) {
    std::string out;
    std::map<std::string, std::string> known;
    for (std::size_t at = 0; at < text.size();) {
        const auto close = text[at] == '{' ? text.find('}', at) : std::string::npos;
        if (close == std::string::npos) {
            out += text[at++];
            continue;
        }
        const auto name = text.substr(at + 1, close - at - 1);
        if (std::ranges::find(placeholders, name) == placeholders.end())
            return fail(what, "{" + escape_path(name) +
                                  "} is none of {instance_id}, {hostname} and {ip_address}");
        if (!known.contains(name)) {
            auto asked = value(name);
            if (!asked)
                return asked;
            known[name] = std::move(*asked);
        }
        out += known[name];
        at = close + 1;
    }
    return out;
}

HostPlaceholders::HostPlaceholders(Metadata &metadata,
                                   std::function<void(const std::string &)> fallen_back)
    : metadata_(metadata), fallen_back_(std::move(fallen_back)) {}

Result<std::string> HostPlaceholders::value(const std::string &name) {
    if (const auto known = known_.find(name); known != known_.end())
        return known->second;
    const auto host = own_host_name();
    std::string value = host;
    if (name == "instance_id" || name == "ip_address") {
        const bool id = name == "instance_id";
        auto told =
            metadata_.get(id ? "/latest/meta-data/instance-id" : "/latest/meta-data/local-ipv4");
        if (!told && fallen_back_)
            fallen_back_("{" + name + "}: using the host's: " + told.error().text());
        if (told)
            value = *told;
        else if (auto address = id ? Result<std::string>(host) : own_address(host); address)
            value = *address;
        else
            return address;
    }
    known_[name] = value;
    return value;
}

} // namespace hostav
