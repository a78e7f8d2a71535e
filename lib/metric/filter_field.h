// SPDX-License-Identifier: GPL-2.0-only
//
// Fields of lines, as filter patterns name them: `$size` and `$3` of a space-delimited line,
// `$.a.b` of a JSON document.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hostav {

/// A step from a JSON value to one in it.
struct JsonStep {
    enum class Kind { key, index, any };
    Kind kind = Kind::key;
    std::string key;
    std::size_t index = 0;
};
using JsonPath = std::vector<JsonStep>;

/// What one filter's Filter::reference() made of a name; for that filter only.
struct FieldReference {
    std::string name;       ///< as it was given
    bool position = false;  ///< `number` counts the line's fields from 1, else the pattern's from 0
    std::size_t number = 0; ///< of a space-delimited pattern
    JsonPath path;          ///< of a JSON pattern
};

struct FilterField {
    std::string name; ///< `$size`, `$3`, `$.a.b`
    std::string value;
};

} // namespace hostav
