// SPDX-License-Identifier: GPL-2.0-only
#include "ship/destination.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace hostav {

namespace {

constexpr std::array<std::string_view, 3> placeholders{"instance_id", "hostname", "ip_address"};

Result<void> check_length(const std::string &name, const std::string &what) {
    if (name.empty())
        return fail(what, "is empty");
    if (name.size() > longest_log_name)
        return fail(what, std::to_string(name.size()) + " bytes are too long: at most " +
                              std::to_string(longest_log_name));
    return {};
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

Result<void> check_group_name(const std::string &name, const std::string &what) {
    if (auto length = check_length(name, what); !length)
        return length;
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._-/#").find(c) != std::string_view::npos;
    };
    if (!std::ranges::all_of(name, allowed))
        return fail(what, escape_path(name) + " may hold only A-Z a-z 0-9 . _ - / #");
    if (name.starts_with("aws/"))
        return fail(what, escape_path(name) + " begins with aws/, which is AWS's own");
    return {};
}

Result<void> check_stream_name(const std::string &name, const std::string &what) {
    if (auto length = check_length(name, what); !length)
        return length;
    if (name.find_first_of(":*") != std::string::npos)
        return fail(what, escape_path(name) + " may not hold : and *");
    if (!is_utf8(name))
        return fail(what, escape_path(name) + " is no UTF-8");
    return {};
}

} // namespace hostav
