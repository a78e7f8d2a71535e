// SPDX-License-Identifier: GPL-2.0-only
#include "conf/clam_options.h"

#include "base/text.h"
#include "conf/clam_conf.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unistd.h>

namespace hostav {

namespace {

/// How a value gets into a field of each type; false when it is not one.
struct Reader {
    const ClamOption &option;
    const std::string &value;

    [[nodiscard]] std::optional<std::uint64_t> number() const {
        const auto parsed = option.size ? parse_size(value) : parse_number(value);
        return parsed && *parsed <= option.most && *parsed >= option.least ? parsed : std::nullopt;
    }
    bool operator()(bool *field) const {
        const auto parsed = parse_bool(value);
        if (parsed)
            *field = *parsed;
        return parsed.has_value();
    }
    bool operator()(std::uint64_t *field) const {
        const auto parsed = number();
        if (parsed)
            *field = *parsed;
        return parsed.has_value();
    }
    bool operator()(std::optional<std::uint64_t> *field) const {
        const auto parsed = number();
        if (parsed)
            *field = parsed;
        return parsed.has_value();
    }
    bool operator()(std::string *field) const {
        *field = value;
        return true;
    }
    bool operator()(std::optional<std::string> *field) const {
        *field = value;
        return true;
    }
    bool operator()(std::vector<std::string> *field) const {
        field->push_back(value);
        return true;
    }
    bool operator()(std::vector<std::uint64_t> *field) const {
        const auto parsed = number();
        if (parsed)
            field->push_back(*parsed);
        return parsed.has_value();
    }
};

/// `"a", "b"`, or nothing where clamconf says `disabled`.
struct Printer {
    static std::string quoted(const std::string &value) { return '"' + escape_path(value) + '"'; }
    static std::string text(const std::string &value) { return value; }
    static std::string text(std::uint64_t value) { return std::to_string(value); }

    std::string operator()(const bool *field) const {
        return *field ? quoted("yes") : std::string();
    }
    std::string operator()(const std::uint64_t *field) const { return quoted(text(*field)); }
    std::string operator()(const std::string *field) const { return quoted(*field); }
    template <typename T>
    std::string operator()(const std::optional<T> *field) const {
        return *field ? quoted(text(**field)) : std::string();
    }
    template <typename T>
    std::string operator()(const std::vector<T> *field) const {
        std::string joined;
        for (const auto &value : *field)
            joined += (joined.empty() ? "" : ", ") + quoted(text(value));
        return joined;
    }
};

bool is_list(const ClamOption &option) {
    return std::holds_alternative<std::vector<std::string> *>(option.field) ||
           std::holds_alternative<std::vector<std::uint64_t> *>(option.field);
}

/// One line of the file.
struct Line {
    const ConfLine &line;
    std::string where;
};

Result<void> apply(const Line &at, std::span<const ClamOption> table, const ClamOptionRules &rules,
                   std::set<std::string> &seen, std::vector<std::string> &warnings) {
    const auto &[line, where] = at;
    const auto shown = escape_path(line.option);
    if (line.option == "Example")
        return fail(where, "the example configuration has to be edited first (Example)");
    if (std::ranges::find(rules.deprecated, line.option) != rules.deprecated.end()) {
        warnings.push_back("Ignoring deprecated option " + shown + " at " + where);
        return {};
    }
    const auto option = std::ranges::find_if(
        table, [&line](const ClamOption &known) { return line.option == known.name; });
    if (option == table.end())
        return fail(where, "unknown option " + shown);
    if (option->instead != nullptr)
        warnings.push_back("Option " + shown + " at " + where + " is an old name of " +
                           option->instead);
    const auto value =
        line.value.empty() && option->bare != nullptr ? std::string(option->bare) : line.value;
    if (value.empty())
        return fail(where, shown + " needs a value");
    // A wrong value is wrong even where an earlier one counts.
    const bool counts = seen.insert(line.option).second || is_list(*option);
    const auto &bound =
        counts ? *option : rules.scratch[static_cast<std::size_t>(option - table.begin())];
    if (!std::visit(Reader{*option, value}, bound.field))
        return fail(where, shown + " " + escape_path(value) + ": is no value for it");
    return {};
}

} // namespace

Result<void> read_clam_options(const std::string &file, std::span<const ClamOption> table,
                               const ClamOptionRules &rules, std::vector<std::string> &warnings) {
    const auto lines = read_clam_conf(file);
    if (!lines)
        return std::unexpected(lines.error());
    std::set<std::string> seen;
    for (const auto &line : *lines) {
        const auto where = escape_path(file) + ":" + std::to_string(line.line);
        if (auto applied = apply({line, where}, table, rules, seen, warnings); !applied)
            return applied;
    }
    return {};
}

std::string clam_options_text(const std::string &file, std::span<const ClamOption> table,
                              std::span<const ClamOption> defaults) {
    const auto head =
        "Config file: " + (file.empty() ? "none, these are defaults" : escape_path(file));
    std::string text = head + "\n" + std::string(head.size(), '-') + "\n";
    for (std::size_t i = 0; i < table.size(); ++i) {
        auto value = std::visit(Printer{}, table[i].field);
        const bool is_default = value == std::visit(Printer{}, defaults[i].field);
        if (table[i].instead != nullptr && is_default)
            continue;
        if (table[i].secret && !value.empty())
            value = "\"***\""; // this goes into tickets and mails
        text += table[i].name + (value.empty() ? " disabled" : " = " + value) +
                (is_default ? " # default\n" : "\n");
    }
    return text;
}

std::optional<std::string> first_existing(const std::vector<std::string> &files) {
    const auto found = std::ranges::find_if(
        files, [](const auto &path) { return ::access(path.c_str(), F_OK) == 0; });
    return found == files.end() ? std::nullopt : std::optional(*found);
}

} // namespace hostav
