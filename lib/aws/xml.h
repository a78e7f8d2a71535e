// SPDX-License-Identifier: GPL-2.0-only
//
// The few flat elements that count in answers of AWS's query services. They write no attributes in
// them, no CDATA and no comments; what is written otherwise is as if it were not there. Linear in
// the answer's size, which the HTTP client bounds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hostav {

/// The text of the first element of that name, entities decoded; empty where there is none.
[[nodiscard]] std::string xml_text(std::string_view xml, const std::string &name);
/// What each element of that name holds, as it is written (for xml_text()); elements of the same
/// name inside are not looked for.
[[nodiscard]] std::vector<std::string_view> xml_elements(std::string_view xml,
                                                         const std::string &name);

} // namespace hostav
