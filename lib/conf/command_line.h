// SPDX-License-Identifier: GPL-2.0-only
//
// Command lines as ClamAV's own tools take them, declared once and typed: each option is bound to
// a field of a plain struct. glibc's getopt_long does the parsing: the ancestors' parser is a copy
// of it, so abbreviations, `-lFILE`, `--`, `--log=` and `-` mean the same. On top of it: booleans
// take `=yes|no|true|false|1|0`, an option given twice keeps its first value unless it may be
// repeated, deprecated options are accepted with a warning. getopt.h is included in
// command_line.cc only. Not thread-safe (getopt's globals).
#pragma once

#include "base/error.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

class CommandLine {
  public:
    /// A heading of --help; options declared after it stand under it.
    void group(const char *title);
    void flag(const char *name, char letter, bool &to, const char *help);
    void number(const char *name, char letter, std::uint64_t &to, std::uint64_t least,
                std::uint64_t most, const char *value, const char *help);
    void number(const char *name, char letter, std::optional<std::uint64_t> &to,
                std::uint64_t least, std::uint64_t most, const char *value, const char *help);
    /// Bytes, with K, M or G.
    void size(const char *name, char letter, std::uint64_t &to, const char *value,
              const char *help);
    void text(const char *name, char letter, std::optional<std::string> &to, const char *value,
              const char *help);
    /// `--name` alone stands for `bare`; a value comes after `=` only.
    void optional_text(const char *name, char letter, std::optional<std::string> &to,
                       const char *bare, const char *value, const char *help);
    /// May be repeated.
    void texts(const char *name, char letter, std::vector<std::string> &to, const char *value,
               const char *help);
    /// One of `words`; `to` becomes its index.
    void choice(const char *name, char letter, unsigned &to, const std::vector<std::string> &words,
                const char *help);
    /// Accepted and ignored with `Ignoring deprecated option --NAME`; takes a value or none.
    void deprecated(const char *name, char letter = 0);

    /// Parses; returns what is not an option, in order. `-` alone is not an option.
    Result<std::vector<std::string>> parse(int argc, char **argv);
    /// Lines to print as warnings, after parse().
    [[nodiscard]] const std::vector<std::string> &warnings() const { return warnings_; }
    /// The option part of --help.
    [[nodiscard]] std::string help() const;

  private:
    using Set = std::function<Result<void>(const char *value)>;
    enum class Argument { none, optional, required };
    struct Option {
        std::string name;
        char letter = 0;
        Argument argument = Argument::none;
        std::string value; ///< shown in --help
        std::string help;  ///< empty: not shown
        bool repeatable = false;
        bool seen = false;
        Set set;
    };
    struct Group {
        std::string title;
        std::size_t first = 0;
    };

    std::vector<Option> options_;
    std::vector<Group> groups_;
    std::vector<std::string> warnings_;

    void add(const char *name, char letter, Argument argument, const char *value, const char *help,
             Set set);
    template <typename Number>
    void add_number(const char *name, char letter, Number &to, std::uint64_t least,
                    std::uint64_t most, const char *value, const char *help);
    Result<void> apply(Option &option, const char *value);
    [[nodiscard]] Error refused(int code, const std::string &argument) const;
};

} // namespace hostav
