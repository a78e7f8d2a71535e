// SPDX-License-Identifier: GPL-2.0-only
#include "update/holds.h"

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr const char *file_name = "holds";
constexpr std::size_t largest = std::size_t{1} << 20;
constexpr mode_t readable = 0644;

} // namespace

Result<Hold> parse_hold(const std::string &text) {
    const auto equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size() ||
        text.find('/') != std::string::npos)
        return fail("--hold " + escape_path(text), "is not DATABASE=VERSION");
    return Hold{text.substr(0, equals), text.substr(equals + 1), HoldKind::hold};
}

bool is_held(const Holds &holds, const std::string &database) {
    return std::ranges::any_of(holds, [&database](const Hold &hold) {
        return hold.kind == HoldKind::hold && hold.database == database;
    });
}

Result<Holds> read_holds(const Places &places) {
    Holds holds;
    if (::faccessat(places.state_fd(), file_name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return holds;
    const auto bytes = read_file(places.state_fd(), file_name, largest);
    if (!bytes)
        return std::unexpected(bytes.error());
    const auto lines = parse_json_lines(*bytes, file_name);
    if (!lines)
        return std::unexpected(lines.error());
    for (const auto &line : *lines) {
        auto database = bytes_field(line, "database", file_name);
        if (!database || !line.contains("version") || !line.contains("kind"))
            return fail(file_name, "is not what sigupdate wrote");
        holds.push_back({std::move(*database), line.at("version"),
                         line.at("kind") == "hold" ? HoldKind::hold : HoldKind::rolled_back});
    }
    return holds;
}

Result<void> write_holds(const Places &places, const Holds &holds) {
    std::string text;
    for (const auto &hold : holds) {
        JsonObject line;
        line.add_bytes("database", hold.database);
        line.add("version", hold.version);
        line.add("kind", hold.kind == HoldKind::hold ? "hold" : "rolled-back");
        text += line.text() + "\n";
    }
    return replace_file(places.state_fd(), file_name, text, readable);
}

} // namespace hostav
