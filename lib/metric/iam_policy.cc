// SPDX-License-Identifier: GPL-2.0-only
#include "metric/iam_policy.h"

#include "base/json_text.h"
#include "base/text.h"

namespace hostav {

namespace {

std::string quoted(const std::string &text) {
    std::string out;
    append_json_text(out, to_utf8(text));
    return out;
}

/// One text as it is, several as a list.
std::string text_or_list(const std::vector<std::string> &texts) {
    if (texts.size() == 1)
        return quoted(texts.front());
    std::string out = "[";
    for (const auto &text : texts)
        out += (out.size() == 1 ? "\n                " : ",\n                ") + quoted(text);
    return out + "\n            ]";
}

std::string statement_text(const PolicyStatement &statement) {
    auto text =
        std::string("        {\n            \"Effect\": \"Allow\",\n            \"Action\": ") +
        text_or_list(statement.actions) +
        ",\n            \"Resource\": " + text_or_list(statement.resources);
    if (!statement.equals.empty()) {
        std::string pairs;
        for (const auto &[key, value] : statement.equals)
            pairs += (pairs.empty() ? "" : ", ") + quoted(key) + ": " + quoted(value);
        text += ",\n            \"Condition\": {\"StringEquals\": {" + pairs + "}}";
    }
    return text + "\n        }";
}

} // namespace

std::string policy_literal(const std::string &text) {
    std::string out;
    for (const char c : text)
        if (c == '*' || c == '?' || c == '$')
            out += std::string("${") + c + "}";
        else
            out += c;
    return out;
}

std::string policy_arn(const PolicyPlace &place, const std::string &service,
                       const std::string &kind, const std::string &name) {
    return "arn:" + place.partition + ":" + service + ":" + place.region + ":*:" + kind +
           policy_literal(name);
}

std::string policy_text(const Policy &policy) {
    std::string statements;
    for (const auto &statement : policy)
        if (!statement.actions.empty())
            statements += (statements.empty() ? "" : ",\n") + statement_text(statement);
    return "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n" + statements +
           "\n    ]\n}";
}

Policy push_policy(const std::string &name_space) {
    // There is no ARN of a metric: the namespace is all that can be said.
    return {{{"cloudwatch:PutMetricData"}, {"*"}, {{"cloudwatch:namespace", name_space}}}};
}

} // namespace hostav
