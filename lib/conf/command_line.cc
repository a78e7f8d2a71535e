// SPDX-License-Identifier: GPL-2.0-only
#include "conf/command_line.h"

#include "base/text.h"

#include <algorithm>
#include <getopt.h>

namespace hostav {

namespace {

/// getopt_long returns an option's index from here on; below are the letters.
constexpr int first_code = 1000;

std::string range_text(std::uint64_t least, std::uint64_t most) {
    if (most == UINT64_MAX)
        return "not a number of " + std::to_string(least) + " or more";
    return "not a number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string joined(const std::vector<std::string> &words) {
    std::string text;
    for (const auto &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

/// `-x`; beyond ASCII a letter is several bytes, of which getopt tells one: then the whole
/// argument.
std::string letter_text(char letter, int argc, char **argv) {
    if (letter > 0)
        return std::string("-") + letter;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument.starts_with('-') && !argument.starts_with("--") &&
            argument.find(letter) != std::string::npos)
            return argument;
    }
    return std::string("-") + letter;
}

/// A value whose why is filled in by the option that took it.
std::unexpected<Error> bad_value(std::string why) {
    return fail("", std::move(why));
}

Result<void> not_empty(const char *value) {
    if (*value == '\0')
        return bad_value("needs a value that is not empty");
    return {};
}

Result<std::uint64_t> number_in(const char *value, std::uint64_t least, std::uint64_t most) {
    const auto number = parse_number(value);
    if (!number || *number < least || *number > most)
        return bad_value(range_text(least, most));
    return *number;
}

} // namespace

void CommandLine::group(const char *title) {
    groups_.push_back({title, options_.size()});
}

void CommandLine::add(const char *name, char letter, Argument argument, const char *value,
                      const char *help, Set set) {
    Option option;
    option.name = name;
    option.letter = letter;
    option.argument = argument;
    option.value = value != nullptr ? value : "";
    option.help = help != nullptr ? help : "";
    option.set = std::move(set);
    options_.push_back(std::move(option));
}

void CommandLine::flag(const char *name, char letter, bool &to, const char *help) {
    add(name, letter, Argument::optional, nullptr, help, [&to](const char *value) -> Result<void> {
        const auto on = value == nullptr ? std::optional(true) : parse_bool(value);
        if (!on)
            return bad_value("not yes or no");
        to = *on;
        return {};
    });
}

template <typename Number>
void CommandLine::add_number(const char *name, char letter, Number &to, std::uint64_t least,
                             std::uint64_t most, const char *value, const char *help) {
    add(name, letter, Argument::required, value, help,
        [&to, least, most](const char *text) -> Result<void> {
            const auto number = number_in(text, least, most);
            if (!number)
                return std::unexpected(number.error());
            to = *number;
            return {};
        });
}

void CommandLine::number(const char *name, char letter, std::uint64_t &to, std::uint64_t least,
                         std::uint64_t most, const char *value, const char *help) {
    add_number(name, letter, to, least, most, value, help);
}

void CommandLine::number(const char *name, char letter, std::optional<std::uint64_t> &to,
                         std::uint64_t least, std::uint64_t most, const char *value,
                         const char *help) {
    add_number(name, letter, to, least, most, value, help);
}

void CommandLine::size(const char *name, char letter, std::uint64_t &to, const char *value,
                       const char *help) {
    add(name, letter, Argument::required, value, help, [&to](const char *text) -> Result<void> {
        const auto bytes = parse_size(text);
        if (!bytes)
            return bad_value("not a size in bytes, or with K, M or G");
        to = *bytes;
        return {};
    });
}

void CommandLine::text(const char *name, char letter, std::optional<std::string> &to,
                       const char *value, const char *help) {
    add(name, letter, Argument::required, value, help, [&to](const char *text) -> Result<void> {
        to = text;
        return not_empty(text);
    });
}

void CommandLine::optional_text(const char *name, char letter, std::optional<std::string> &to,
                                const char *bare, const char *value, const char *help) {
    add(name, letter, Argument::optional, value, help,
        [&to, bare](const char *text) -> Result<void> {
            to = text != nullptr ? text : bare;
            return not_empty(text != nullptr ? text : bare);
        });
}

void CommandLine::texts(const char *name, char letter, std::vector<std::string> &to,
                        const char *value, const char *help) {
    add(name, letter, Argument::required, value, help, [&to](const char *text) -> Result<void> {
        to.emplace_back(text);
        return not_empty(text);
    });
    options_.back().repeatable = true;
}

void CommandLine::choice(const char *name, char letter, unsigned &to,
                         const std::vector<std::string> &words, const char *help) {
    add(name, letter, Argument::required, "WORD", help,
        [&to, words](const char *text) -> Result<void> {
            const auto found = std::ranges::find(words, std::string(text));
            if (found == words.end())
                return bad_value("not one of " + joined(words));
            to = static_cast<unsigned>(found - words.begin());
            return {};
        });
}

void CommandLine::deprecated(const char *name, char letter) {
    auto warning = std::string("Ignoring deprecated option --") + name;
    if (letter != 0)
        warning += std::string(" (-") + letter + ")";
    add(name, letter, Argument::optional, nullptr, nullptr,
        [this, warning](const char *) -> Result<void> {
            warnings_.push_back(warning);
            return {};
        });
    options_.back().repeatable = true;
}

Result<void> CommandLine::apply(Option &option, const char *value) {
    if (option.seen && !option.repeatable)
        return {}; // the first one counts
    option.seen = true;
    auto done = option.set(value);
    if (!done)
        return fail("--" + option.name + (value != nullptr ? "=" + escape_path(value) : ""),
                    done.error().why);
    return {};
}

/// Why getopt_long refused an argument; it tells '?' for all reasons but a missing value.
Error CommandLine::refused(int code, const std::string &argument) const {
    const auto shown = escape_path(argument.substr(0, argument.find('=')));
    if (code == ':')
        return {shown, "needs a value"};
    const auto name = shown.starts_with("--") ? shown.substr(2) : std::string();
    std::vector<std::string> candidates;
    if (!name.empty())
        for (const auto &option : options_)
            if (option.name.starts_with(name))
                candidates.push_back("--" + option.name);
    if (candidates.size() > 1 && !std::ranges::count(candidates, "--" + name))
        return {shown, "ambiguous option, could be " + joined(candidates)};
    return {shown, "unknown option"};
}

Result<std::vector<std::string>> CommandLine::parse(int argc, char **argv) {
    std::vector<option> table;
    std::string letters = ":";
    for (std::size_t i = 0; i < options_.size(); ++i) {
        const auto &option = options_[i];
        const int has = option.argument == Argument::none       ? no_argument
                        : option.argument == Argument::required ? required_argument
                                                                : optional_argument;
        table.push_back({option.name.c_str(), has, nullptr, first_code + static_cast<int>(i)});
        if (option.letter != 0) {
            letters += option.letter;
            if (option.argument == Argument::required)
                letters += ':';
        }
    }
    table.push_back({nullptr, 0, nullptr, 0});
    ::opterr = 0;
    ::optind = 0; // glibc: begin anew
    for (;;) {
        const int before = std::max(::optind, 1);
        const int code = ::getopt_long(argc, argv, letters.c_str(), table.data(),
                                       nullptr); // NOLINT(concurrency-mt-unsafe)
        if (code < 0)
            break;
        if (code == '?' || code == ':') {
            // A letter, or, for a long option, what getopt has just passed.
            const bool letter = ::optopt != 0 && ::optopt < first_code;
            const int passed = std::clamp(::optind - 1, before, argc - 1);
            const std::string argument =
                letter ? letter_text(static_cast<char>(::optopt), argc, argv) : argv[passed];
            return std::unexpected(refused(code, argument));
        }
        const auto found = code >= first_code ? options_.begin() + (code - first_code)
                                              : std::ranges::find(options_, static_cast<char>(code),
                                                                  &Option::letter);
        if (auto applied = apply(*found, ::optarg); !applied)
            return std::unexpected(applied.error());
    }
    return std::vector<std::string>(argv + ::optind, argv + argc);
}

std::string CommandLine::help() const {
    constexpr std::size_t column = 34;
    std::string text;
    auto group = groups_.begin();
    for (std::size_t i = 0; i < options_.size(); ++i) {
        const auto &option = options_[i];
        for (; group != groups_.end() && group->first == i; ++group)
            text += "\n" + group->title + ":\n";
        if (option.help.empty())
            continue;
        std::string left =
            option.letter != 0 ? std::string("  -") + option.letter + ", " : "      ";
        left += "--" + option.name;
        if (option.argument == Argument::required)
            left += "=" + option.value;
        left += left.size() + 2 > column ? "\n" + std::string(column, ' ')
                                         : std::string(column - left.size(), ' ');
        text += left + option.help + "\n";
    }
    return text;
}

} // namespace hostav
