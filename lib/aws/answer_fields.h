// SPDX-License-Identifier: GPL-2.0-only
//
// Lists and numbers in the fields of a JSON answer, as parse_json_fields() (base/json.h) gives
// them: `MetricAlarms.0.Threshold`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

using AnswerFields = std::map<std::string, std::string>;

/// The objects of a list, each with its own fields.
[[nodiscard]] std::vector<AnswerFields> object_list(const AnswerFields &fields,
                                                    const std::string &name);
/// The texts of a list.
[[nodiscard]] std::vector<std::string> text_list(const AnswerFields &fields,
                                                 const std::string &name);
/// The fields of an object, by what they are called in it.
[[nodiscard]] AnswerFields object_fields(const AnswerFields &fields, const std::string &name);
/// Nothing where there is none, or no number.
[[nodiscard]] std::optional<double> number_field(const AnswerFields &fields,
                                                 const std::string &name);
/// 0 where there is none, or no whole number.
[[nodiscard]] std::uint64_t whole_field(const AnswerFields &fields, const std::string &name);

} // namespace hostav
