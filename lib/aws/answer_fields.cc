// SPDX-License-Identifier: GPL-2.0-only
#include "aws/answer_fields.h"

#include "base/json.h"
#include "base/text.h"

#include <charconv>

namespace hostav {

AnswerFields object_fields(const AnswerFields &fields, const std::string &name) {
    const auto prefix = name + ".";
    AnswerFields own;
    for (auto at = fields.lower_bound(prefix); at != fields.end() && at->first.starts_with(prefix);
         ++at)
        own.emplace(at->first.substr(prefix.size()), at->second);
    return own;
}

std::vector<AnswerFields> object_list(const AnswerFields &fields, const std::string &name) {
    std::vector<AnswerFields> objects;
    while (true) {
        auto own = object_fields(fields, name + "." + std::to_string(objects.size()));
        if (own.empty())
            return objects;
        objects.push_back(std::move(own));
    }
}

std::vector<std::string> text_list(const AnswerFields &fields, const std::string &name) {
    std::vector<std::string> texts;
    while (true) {
        const auto found = fields.find(name + "." + std::to_string(texts.size()));
        if (found == fields.end())
            return texts;
        texts.push_back(found->second);
    }
}

std::optional<double> number_field(const AnswerFields &fields, const std::string &name) {
    const auto text = text_field(fields, name);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::uint64_t whole_field(const AnswerFields &fields, const std::string &name) {
    return parse_number(text_field(fields, name)).value_or(0);
}

} // namespace hostav
