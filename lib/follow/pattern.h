// SPDX-License-Identifier: GPL-2.0-only
//
// File names by pattern, glob(7) in any part of an absolute path, and the directories in which new
// matches can appear. Links are followed; names that begin with a dot have to be asked for.
#pragma once

#include "base/error.h"
#include "follow/file_content.h"

#include <string>
#include <string_view>
#include <vector>

namespace hostav {

class PathPattern {
  public:
    /// An absolute path; empty parts are left out.
    explicit PathPattern(std::string_view pattern);

    struct Match {
        std::string path;
        FileStatus status;
    };
    struct Directory {
        std::string path;
        std::size_t part = 0; ///< whose names matter in it
    };
    struct Found {
        std::vector<Match> matches; ///< of any type, but directories
        std::vector<Directory> directories;
        /// What could not be looked at: matches may be missing.
        std::vector<Error> failures;
    };
    [[nodiscard]] Found find() const;

    [[nodiscard]] bool matches(const std::string &path) const;
    /// Whether a name in a directory of this part can lead to a match.
    [[nodiscard]] bool concerns(std::size_t part, const std::string &name) const;
    [[nodiscard]] bool has_wildcards() const { return wild_; }
    [[nodiscard]] const std::string &text() const { return text_; }

  private:
    struct Part {
        std::string text;
        bool wild = false;
    };
    std::string text_;
    std::vector<Part> parts_;
    bool wild_ = false;
    void find_below(const std::string &directory, std::size_t part, Found &found) const;
    void find_named(const std::string &directory, std::size_t part, const std::string &name,
                    Found &found) const;
};

} // namespace hostav
