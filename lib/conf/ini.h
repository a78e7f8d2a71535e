// SPDX-License-Identifier: GPL-2.0-only
//
// Configuration files in the syntax of Python's RawConfigParser (awslogs.conf, awscli.conf):
// sections, `key = value` or `key: value`, comment lines with `#` or `;`, indented lines that
// continue a value. Without interpolation: `%` means nothing. Reads text; what it means is the
// caller's matter. (https://docs.python.org/3/library/configparser.html)
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct IniValue {
    std::string key;   ///< lower case
    std::string value; ///< lines that continue it are joined with `\n`
    unsigned line = 0;
    bool inherited = false; ///< from [DEFAULT]
};

struct IniSection {
    std::string name;
    unsigned line = 0;
    std::vector<IniValue> values; ///< its own in order, then what it inherits
    /// Nothing where the key is not given.
    [[nodiscard]] const IniValue *find(std::string_view key) const;
};

struct IniFile {
    std::string path;
    std::vector<IniSection> sections; ///< in order, without [DEFAULT]
    /// `FILE:LINE`, escaped.
    [[nodiscard]] std::string where(unsigned line) const;
};

/// Fails when the file cannot be read, with what = the path; for a section or a key that is there
/// twice and for what is no line of this syntax, with what = `FILE:LINE`.
[[nodiscard]] Result<IniFile> read_ini(const std::string &path);
[[nodiscard]] Result<IniFile> parse_ini(std::string_view text, const std::string &path);

} // namespace hostav
