// SPDX-License-Identifier: GPL-2.0-only
#include "watch/territory.h"

#include "watch/resolve.h"

#include <algorithm>
#include <regex.h>
#include <set>

namespace hostav {

struct Territory::Patterns {
    std::vector<regex_t> compiled;
    explicit Patterns(const std::vector<std::string> &texts) {
        compiled.reserve(texts.size());
        for (const auto &text : texts) {
            regex_t pattern;
            if (::regcomp(&pattern, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0)
                compiled.push_back(pattern);
        }
    }
    ~Patterns() {
        for (auto &pattern : compiled)
            ::regfree(&pattern);
    }
    Patterns(const Patterns &) = delete;
    Patterns &operator=(const Patterns &) = delete;
    Patterns(Patterns &&) = delete;
    Patterns &operator=(Patterns &&) = delete;
    [[nodiscard]] bool match(const std::string &path) const {
        return std::ranges::any_of(compiled, [&path](const regex_t &pattern) {
            return ::regexec(&pattern, path.c_str(), 0, nullptr, 0) == 0;
        });
    }
};

Territory::Territory(const TerritoryOptions &options)
    : options_(options), patterns_(std::make_unique<Patterns>(options.exclude_patterns)) {}

Territory::~Territory() = default;

bool Territory::update(MountTable table) {
    std::vector<std::string> trees;
    std::vector<Zone> zones;
    std::vector<std::string> missing;
    for (const auto &path : options_.include_paths) {
        auto [tree, exists] = resolve_path(table, path, LinksOf::anybody);
        if (!exists)
            missing.push_back(path);
        if (const auto *mount = table.holding(tree); mount != nullptr)
            zones.push_back({mount->device, path_in_filesystem(*mount, tree)});
        for (const auto &mount : table.mounts())
            if (is_within(mount.point, tree))
                zones.push_back({mount.device, mount.root});
        trees.push_back(std::move(tree));
    }
    excluded_.clear();
    for (const auto &path : options_.exclude_paths)
        excluded_.push_back(resolve_path(table, path, LinksOf::root).path);
    const bool same_mounts =
        std::ranges::equal(table_.mounts(), table.mounts(), [](const auto &a, const auto &b) {
            return a.id == b.id && a.point == b.point && a.root == b.root;
        });
    const bool changed = !same_mounts || trees != trees_ || zones != zones_ || missing != missing_;
    table_ = std::move(table);
    trees_ = std::move(trees);
    zones_ = std::move(zones);
    missing_ = std::move(missing);
    reported_.clear();
    for (const auto &path : options_.mount_paths)
        if (const auto *mount = table_.holding(resolve_path(table_, path, LinksOf::anybody).path);
            mount != nullptr)
            reported_.push_back(mount);
    return changed;
}

Place Territory::place_of(std::string_view path, std::uint64_t mount_id, nlink_t links) const {
    const auto *mount = table_.find(mount_id);
    // `/` is no file: so the kernel names what it cannot connect with its directory.
    if (mount == nullptr || path.empty() || path == "/" || !is_within(path, mount->point))
        return Place::inside;
    if (std::ranges::any_of(excluded_, [&](const auto &tree) { return is_within(path, tree); }) ||
        (!patterns_->compiled.empty() && patterns_->match(std::string(path))))
        return Place::excluded;
    if (links > 1 ||
        std::ranges::any_of(trees_, [&](const auto &tree) { return is_within(path, tree); }))
        return Place::inside;
    const auto inner = path_in_filesystem(*mount, path);
    return std::ranges::any_of(zones_,
                               [&](const Zone &zone) {
                                   return zone.device == mount->device &&
                                          is_within(inner, zone.path);
                               })
               ? Place::inside
               : Place::outside;
}

bool Territory::is_reported_mount(std::uint64_t mount) const {
    return std::ranges::any_of(reported_, [mount](const auto *each) { return each->id == mount; });
}

std::vector<std::vector<const Mount *>> Territory::marked() const {
    std::set<std::string> devices;
    for (const auto &zone : zones_)
        devices.insert(zone.device);
    std::vector<std::vector<const Mount *>> all;
    all.reserve(devices.size());
    for (const auto &device : devices) {
        auto &mounts = all.emplace_back();
        for (const auto &mount : table_.mounts())
            if (mount.device == device)
                mounts.push_back(&mount);
    }
    return all;
}

} // namespace hostav
