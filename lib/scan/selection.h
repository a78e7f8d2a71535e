// SPDX-License-Identifier: GPL-2.0-only
//
// --exclude, --include, --exclude-dir, --include-dir: POSIX extended regular expressions,
// unanchored, on paths of any length. File expressions are matched against the real path,
// directory ones against both the real path and the path as given (clamscan matches only the
// latter, so that an anchored absolute expression does nothing below a relative argument).
#pragma once

#include "base/error.h"

#include <memory>
#include <string>
#include <vector>

namespace hostav {

struct SelectionOptions {
    std::vector<std::string> exclude, include, exclude_dir, include_dir;
};

class Selection {
  public:
    /// Fails on an expression that does not compile (clamscan ignores it silently).
    static Result<Selection> compile(const SelectionOptions &options);
    Selection(Selection &&) noexcept;
    Selection &operator=(Selection &&) noexcept;
    ~Selection();

    [[nodiscard]] bool wants_file(const std::string &real, const std::string &shown) const;
    [[nodiscard]] bool wants_directory(const std::string &real, const std::string &shown) const;

  private:
    struct Impl;
    explicit Selection(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
