// SPDX-License-Identifier: GPL-2.0-only
//
// What date_format.cc and date_expression.cc share: a format as a regular expression with one
// group a directive.
#pragma once

#include "base/error.h"

#include <string>

namespace hostav {

struct DateExpression {
    std::string expression;
    std::string directives; ///< of the groups 1, 2 …: `abdHMSY`
    [[nodiscard]] bool has(char directive) const {
        return directives.find(directive) != std::string::npos;
    }
};

/// `what` is the error's.
[[nodiscard]] Result<DateExpression> date_expression(const std::string &format,
                                                     const std::string &what);

} // namespace hostav
