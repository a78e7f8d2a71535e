// SPDX-License-Identifier: GPL-2.0-only
//
// What is inside the included paths, whatever path leads to it, and which file systems have to be
// marked for it. Inclusion belongs to paths, files belong to file systems: an included path stands
// for a tree of some file system, and what a bind mount shows of that tree elsewhere is inside,
// too. Where it cannot be told (a mount of another namespace, a file with several names) it is
// inside. Pure but for resolving links in the configured paths.
#pragma once

#include "watch/mount_table.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct TerritoryOptions {
    std::vector<std::string> include_paths;    ///< absolute; may be missing, may be links
    std::vector<std::string> exclude_paths;    ///< directory trees
    std::vector<std::string> exclude_patterns; ///< extended regular expressions, checked before
    std::vector<std::string> mount_paths;      ///< whole mounts that are only reported
};

enum class Place { inside, outside, excluded };

class Territory {
  public:
    explicit Territory(const TerritoryOptions &options);
    ~Territory();
    Territory(const Territory &) = delete;
    Territory &operator=(const Territory &) = delete;
    Territory(Territory &&) = delete;
    Territory &operator=(Territory &&) = delete;

    /// Takes new mounts, and looks again at what the configured paths lead to. Returns whether
    /// anything that this answers may have changed.
    bool update(MountTable table);

    /// `path` empty: cannot be known.
    [[nodiscard]] Place place_of(std::string_view path, std::uint64_t mount, nlink_t links) const;
    /// Whether everything on this mount is to be reported.
    [[nodiscard]] bool is_reported_mount(std::uint64_t mount) const;
    [[nodiscard]] bool knows_mount(std::uint64_t mount) const {
        return table_.find(mount) != nullptr;
    }

    /// The file systems with something inside, by device, each with every mount of it.
    [[nodiscard]] std::vector<std::vector<const Mount *>> marked() const;
    /// Included paths that do not exist now.
    [[nodiscard]] const std::vector<std::string> &missing() const { return missing_; }
    [[nodiscard]] const MountTable &table() const { return table_; }
    [[nodiscard]] const std::vector<const Mount *> &reported_mounts() const { return reported_; }

  private:
    struct Patterns;
    /// A tree of one file system.
    struct Zone {
        std::string device;
        std::string path;
        bool operator==(const Zone &) const = default;
    };
    TerritoryOptions options_;
    std::unique_ptr<Patterns> patterns_;
    MountTable table_;
    std::vector<std::string> trees_; ///< included paths, links resolved
    std::vector<std::string> excluded_;
    std::vector<Zone> zones_;
    std::vector<std::string> missing_;
    std::vector<const Mount *> reported_;
};

} // namespace hostav
