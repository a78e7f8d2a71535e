// SPDX-License-Identifier: GPL-2.0-only
#include "update/listing.h"

#include "base/json.h"
#include "base/log_file.h"
#include "base/text.h"
#include "update/holds.h"
#include "update/installation.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace hostav {

namespace {

/// The live set as it is on disk (others may have changed it since `current` was written), and what
/// `current` knows of it.
Result<DatabaseSet> live_set(const Places &places) {
    const auto current = read_current(places);
    auto live = read_database_set(places.database_fd(), {&current});
    if (live) {
        live->number = current.number;
        live->installed = current.installed;
        live->eicar = current.eicar;
    }
    return live;
}

struct Listed {
    DatabaseSet live;
    std::vector<KeptSet> kept;
    Holds holds;
};

Result<Listed> read_all(const Places &places) {
    auto live = live_set(places);
    if (!live)
        return std::unexpected(live.error());
    auto kept = kept_sets(places);
    if (!kept)
        return std::unexpected(kept.error());
    auto holds = read_holds(places);
    if (!holds)
        return std::unexpected(holds.error());
    return Listed{std::move(*live), std::move(*kept), std::move(*holds)};
}

std::string installed_text(const DatabaseSet &set) {
    return set.installed == 0 ? "not by sigupdate" : log_time(set.installed);
}

/// Filled up with blanks, at least one, for columns.
std::string column(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 1, width), ' ');
    return text;
}

std::string set_lines(std::size_t back, const DatabaseSet &set) {
    auto text = std::to_string(back) + (back == 0 ? "  live" : "  kept") + "  installed " +
                installed_text(set) + "  " + std::to_string(set.signatures()) + " signatures\n";
    constexpr std::size_t name_width = 24;
    constexpr std::size_t version_width = 13;
    for (const auto &file : set.files) {
        text += "   " + column(escape_path(file.name), name_width) + "version " +
                column(file.version_text(), version_width) + std::to_string(file.signatures) +
                " signatures";
        if (!file.built.empty())
            text += ", built " + escape_path(file.built);
        text += file.managed || back > 0 ? "\n" : ", local\n";
    }
    return text;
}

JsonObject set_object(std::size_t back, const DatabaseSet &set) {
    std::vector<JsonObject> files;
    for (const auto &file : set.files) {
        JsonObject object;
        object.add_bytes("name", file.name);
        object.add("version", file.version_text());
        object.add("signatures", file.signatures);
        object.add("built", static_cast<std::uint64_t>(file.built_time));
        object.add("sha256", file.sha256);
        object.add("managed", file.managed);
        files.push_back(std::move(object));
    }
    JsonObject object;
    object.add("back", static_cast<std::uint64_t>(back));
    object.add("set", std::uint64_t{set.number});
    object.add("installed", static_cast<std::uint64_t>(set.installed));
    object.add("signatures", set.signatures());
    object.add("databases", files);
    return object;
}

const char *kind_text(const Hold &hold) {
    return hold.kind == HoldKind::hold ? "held" : "rolled back";
}

} // namespace

Result<std::string> list_sets(const Places &places) {
    const auto all = read_all(places);
    if (!all)
        return std::unexpected(all.error());
    auto text = set_lines(0, all->live);
    for (std::size_t i = 0; i < all->kept.size(); ++i)
        text += set_lines(i + 1, all->kept[i].set);
    for (const auto &hold : all->holds)
        text += escape_path(hold.database) + ": version " + escape_path(hold.version) + " " +
                kind_text(hold) + "\n";
    return text;
}

Result<std::string> list_sets_json(const Places &places) {
    const auto all = read_all(places);
    if (!all)
        return std::unexpected(all.error());
    std::vector<JsonObject> sets;
    sets.push_back(set_object(0, all->live));
    for (std::size_t i = 0; i < all->kept.size(); ++i)
        sets.push_back(set_object(i + 1, all->kept[i].set));
    std::vector<JsonObject> holds;
    for (const auto &hold : all->holds) {
        JsonObject object;
        object.add_bytes("database", hold.database);
        object.add("version", hold.version);
        object.add("kind", kind_text(hold));
        holds.push_back(std::move(object));
    }
    JsonObject line;
    line.add("sets", sets);
    line.add("holds", holds);
    return line.text();
}

} // namespace hostav
