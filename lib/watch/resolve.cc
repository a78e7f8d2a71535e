// SPDX-License-Identifier: GPL-2.0-only
#include "watch/resolve.h"

#include "watch/file_systems.h"

#include <array>
#include <climits>
#include <deque>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

constexpr unsigned most_links = 40; ///< as the kernel

void push_front(std::deque<std::string> &names, std::string_view path) {
    std::deque<std::string> first;
    while (!path.empty()) {
        const auto slash = path.find('/');
        if (const auto name = path.substr(0, slash); !name.empty() && name != ".")
            first.emplace_back(name);
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    names.insert(names.begin(), first.begin(), first.end());
}

std::string link_target(const std::string &path) {
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlink(path.c_str(), target.data(), target.size());
    return {target.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

} // namespace

ResolvedPath resolve_path(const MountTable &table, const std::string &path, LinksOf followed) {
    std::deque<std::string> names;
    push_front(names, path);
    ResolvedPath found;
    bool asks = true;
    for (unsigned links = 0; !names.empty();) {
        const auto name = std::move(names.front());
        names.pop_front();
        if (name == "..") {
            found.path.resize(found.path.empty() ? 0 : found.path.rfind('/'));
            continue;
        }
        const auto next = found.path + "/" + name;
        const auto *mount = asks ? table.holding(next) : nullptr;
        asks = asks && (mount == nullptr || !may_hang(*mount));
        struct stat st = {};
        if (asks && ::lstat(next.c_str(), &st) != 0)
            asks = found.exists = false;
        if (asks && S_ISLNK(st.st_mode)) {
            const auto target = link_target(next);
            if (!target.empty() && ++links <= most_links &&
                (followed == LinksOf::anybody || st.st_uid == 0)) {
                if (target.starts_with('/'))
                    found.path.clear();
                push_front(names, target);
                continue;
            }
            asks = false;
        }
        found.path = next;
    }
    if (found.path.empty())
        found.path.assign(1, '/');
    return found;
}

} // namespace hostav
