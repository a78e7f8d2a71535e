// SPDX-License-Identifier: GPL-2.0-only
#include "engine/installed_engine.h"

#include "base/text.h"
#include "engine/installed_set.h"

#include <algorithm>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace hostav {

namespace {

bool is_directory(const std::string &path) {
    struct stat st = {};
    return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

using Sets = std::vector<std::pair<std::string, InstalledSet>>;

/// Every directory as what is live of it; files stay as they are.
Result<std::vector<std::string>> resolve(const std::vector<std::string> &databases, Sets &sets) {
    std::vector<std::string> paths;
    for (const auto &path : databases) {
        if (!is_directory(path)) {
            paths.push_back(path);
            continue;
        }
        auto set = find_installed_set(path);
        if (!set)
            return std::unexpected(set.error());
        paths.insert(paths.end(), set->paths.begin(), set->paths.end());
        sets.emplace_back(path, std::move(*set));
    }
    return paths;
}

} // namespace

Result<Engine> load_installed(const EngineOptions &options, const LoadProgress &progress) {
    // Updates are hours apart: one that comes while we load is followed by no second one.
    constexpr int tries = 3;
    for (int i = 0; i < tries; ++i) {
        Sets sets;
        auto paths = resolve(options.load.databases, sets);
        if (!paths)
            return std::unexpected(paths.error());
        auto chosen = options;
        chosen.load.databases = std::move(*paths);
        auto engine = Engine::load(chosen, progress);
        if (std::ranges::all_of(
                sets, [](const auto &set) { return is_still_installed(set.first, set.second); }))
            return engine;
    }
    return fail(escape_path(options.load.databases.front()), "changes again and again");
}

} // namespace hostav
