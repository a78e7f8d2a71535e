// SPDX-License-Identifier: GPL-2.0-only
#include "conf/ini.h"

#include "base/text.h"

#include <algorithm>
#include <fstream>

namespace hostav {

namespace {

constexpr std::string_view blanks = " \t\r\f\v\n";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char &c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

class Parser {
  public:
    explicit Parser(IniFile &file) : file_(file) { file_.sections.reserve(8); }

    Result<void> line(std::string_view raw);
    /// [DEFAULT] into every section.
    void finish();

  private:
    IniFile &file_;
    unsigned number_ = 0;
    IniSection defaults_{"DEFAULT", 0, {}};
    bool in_defaults_ = false;
    bool in_value_ = false; ///< the next indented line continues the last value
    std::size_t indent_ = 0;

    [[nodiscard]] IniSection *section() {
        if (in_defaults_)
            return &defaults_;
        return file_.sections.empty() ? nullptr : &file_.sections.back();
    }
    [[nodiscard]] std::unexpected<Error> wrong(std::string why) const {
        return fail(file_.where(number_), std::move(why));
    }
    Result<void> header(std::string_view text);
    Result<void> option(std::string_view text);
};

Result<void> Parser::line(std::string_view raw) {
    ++number_;
    const auto text = trimmed(raw);
    if (!text.empty() && (text.front() == '#' || text.front() == ';'))
        return {};
    if (text.empty()) {
        // It belongs to the value if the value goes on behind it.
        if (in_value_)
            section()->values.back().value += '\n';
        return {};
    }
    const auto indent = raw.find_first_not_of(blanks);
    if (in_value_ && indent > indent_) {
        (section()->values.back().value += '\n') += text;
        return {};
    }
    indent_ = indent;
    return text.front() == '[' ? header(text) : option(text);
}

Result<void> Parser::header(std::string_view text) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close == 1)
        return wrong("no section header: " + escape_path(text));
    const std::string name(text.substr(1, close - 1));
    in_value_ = false;
    in_defaults_ = name == defaults_.name;
    if (in_defaults_)
        return {};
    if (std::ranges::find(file_.sections, name, &IniSection::name) != file_.sections.end())
        return wrong("section [" + escape_path(name) + "] is there twice");
    file_.sections.push_back({name, number_, {}});
    return {};
}

Result<void> Parser::option(std::string_view text) {
    const auto delimiter = text.find_first_of("=:");
    if (section() == nullptr)
        return wrong("nothing may stand before the first [section]");
    if (delimiter == std::string_view::npos || delimiter == 0)
        return wrong("neither a section nor key = value: " + escape_path(text));
    auto key = lower(trimmed(text.substr(0, delimiter)));
    if (section()->find(key) != nullptr)
        return wrong(escape_path(key) + " is there twice in [" + escape_path(section()->name) +
                     "]");
    section()->values.push_back(
        {std::move(key), std::string(trimmed(text.substr(delimiter + 1))), number_, false});
    in_value_ = true;
    return {};
}

void Parser::finish() {
    // The blank lines that followed a value.
    const auto trim = [](IniSection &section) {
        for (auto &value : section.values)
            value.value = std::string(trimmed(value.value));
    };
    trim(defaults_);
    for (auto &section : file_.sections) {
        trim(section);
        for (const auto &value : defaults_.values)
            if (section.find(value.key) == nullptr) {
                section.values.push_back(value);
                section.values.back().inherited = true;
            }
    }
}

} // namespace

const IniValue *IniSection::find(std::string_view key) const {
    const auto found = std::ranges::find(values, key, &IniValue::key);
    return found == values.end() ? nullptr : &*found;
}

std::string IniFile::where(unsigned line) const {
    return escape_path(path) + ":" + std::to_string(line);
}

Result<IniFile> parse_ini(std::string_view text, const std::string &path) {
    IniFile file;
    file.path = path;
    Parser parser(file);
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (auto parsed = parser.line(text.substr(0, end)); !parsed)
            return std::unexpected(parsed.error());
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    parser.finish();
    return file;
}

Result<IniFile> read_ini(const std::string &path) {
    std::ifstream file(path);
    if (!file)
        return fail_errno(escape_path(path));
    std::string text;
    for (std::string line; std::getline(file, line);)
        (text += line) += '\n';
    if (file.bad()) // a directory, for one
        return fail(escape_path(path), "cannot be read");
    return parse_ini(text, path);
}

} // namespace hostav
