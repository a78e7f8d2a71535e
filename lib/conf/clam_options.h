// SPDX-License-Identifier: GPL-2.0-only
//
// The options of a configuration file in ClamAV's syntax, bound to the fields of a plain struct by
// one table: reading, defaults and --check-config follow it.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace hostav {

struct ClamOption {
    using Field = std::variant<bool *, std::uint64_t *, std::optional<std::uint64_t> *,
                               std::string *, std::optional<std::string> *,
                               std::vector<std::string> *, std::vector<std::uint64_t> *>;
    const char *name;
    Field field;                    ///< a list may be given several times
    bool size = false;              ///< K, M and G are understood
    const char *bare = nullptr;     ///< the value of the option without one
    std::uint64_t most = INT32_MAX; ///< of a number, as ClamAV's own are
    std::uint64_t least = 0;
    bool secret = false; ///< shown as `***`
    /// An old name: printed only where it is set, with a warning to use this one instead.
    const char *instead = nullptr;
};

struct ClamOptionRules {
    /// Known, without effect: `Ignoring deprecated option X at FILE:LINE`.
    std::span<const char *const> deprecated;
    /// The same table bound to another object, which takes values that do not count.
    std::span<const ClamOption> scratch;
};

/// Reads `file` into what the table is bound to. Of an option that is given twice the first counts,
/// as with ClamAV, unless it is a list. An error's what is FILE:LINE.
[[nodiscard]] Result<void> read_clam_options(const std::string &file,
                                             std::span<const ClamOption> table,
                                             const ClamOptionRules &rules,
                                             std::vector<std::string> &warnings);

/// Every option as it is in effect, as clamconf prints it, with ` # default` after those whose
/// value is the one in `defaults` (the same table bound to an untouched object).
[[nodiscard]] std::string clam_options_text(const std::string &file,
                                            std::span<const ClamOption> table,
                                            std::span<const ClamOption> defaults);

/// The first of `files` that exists, else nothing.
[[nodiscard]] std::optional<std::string> first_existing(const std::vector<std::string> &files);

} // namespace hostav
