// SPDX-License-Identifier: GPL-2.0-only
//
// Regular expressions of Perl's kind, as Python's users know them, by PCRE2, compiled to machine
// code where the system allows it. pcre2.h is included in regex.cc only. A search has limits of
// matching and of depth (PCRE2's match limit), so that no expression runs for ever: beyond them it
// is no match, which `exhausted` tells. They do not bound what is quadratic without going back
// (`\s+x` over blanks): callers keep the text that they search short. A search writes to memory of
// the object: one thread at a time.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

class Regex {
  public:
    struct Options {
        bool ignore_case = false;
        bool utf =
            false; ///< characters are those of UTF-8; invalid bytes match nothing. Else bytes
    };
    /// The error's why has the position: `missing ) at 5`. `what` names the source.
    static Result<Regex> compile(const std::string &pattern, const Options &options,
                                 const std::string &what);
    Regex(Regex &&) noexcept;
    Regex &operator=(Regex &&) noexcept;
    Regex(const Regex &) = delete;
    Regex &operator=(const Regex &) = delete;
    ~Regex();

    /// Whether it matches anywhere in `text`. Allocates nothing.
    [[nodiscard]] bool search(std::string_view text) const;
    /// The first match's groups, the whole match first; views into `text`, without data where a
    /// group took no part. False, and nothing changed, where nothing matches.
    bool search(std::string_view text, std::vector<std::string_view> &groups) const;
    /// The number of a named group, 0 when there is none.
    [[nodiscard]] std::size_t group(const std::string &name) const;
    /// Searches that hit a limit so far.
    [[nodiscard]] std::size_t exhausted() const;

  private:
    struct Impl;
    explicit Regex(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
