// SPDX-License-Identifier: GPL-2.0-only
#include "ship/destination.h"

#include "base/text.h"

#include <algorithm>
#include <string_view>

namespace hostav {

namespace {

Result<void> check_length(const std::string &name, const std::string &what) {
    if (name.empty())
        return fail(what, "is empty");
    if (name.size() > longest_log_name)
        return fail(what, std::to_string(name.size()) + " bytes are too long: at most " +
                              std::to_string(longest_log_name));
    return {};
}

} // namespace

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
