// SPDX-License-Identifier: GPL-2.0-only
//
// A line's fields: what stands between blanks, and as one field what stands between quotation marks
// or brackets, without those. Only a mark that a blank or the line's end follows ends such a field;
// without one the first mark is a character like others.
#pragma once

#include <string_view>

namespace hostav {

class DelimitedLine {
  public:
    explicit DelimitedLine(std::string_view line) : rest_(line) { skip_blanks(); }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    /// The next field; there must be one.
    std::string_view next();
    /// All that is left as one field: without blanks behind it, and without its marks when it is
    /// one field between marks.
    std::string_view rest();

  private:
    void skip_blanks();
    [[nodiscard]] std::size_t marked(char close);

    std::string_view rest_;
    // Once a search for a mark found none, none is left: a line is read once, not once a field.
    bool no_quote_ = false, no_bracket_ = false;
};

} // namespace hostav
