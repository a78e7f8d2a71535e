// SPDX-License-Identifier: GPL-2.0-only
//
// The four lists of regular expressions, compiled once. As clamscan decides: an exclusion beats an
// inclusion, and a list of inclusions leaves out whatever matches none of them, the starting
// directory too.
#include "scan/selection.h"

#include "base/text.h"

#include <regex.h>
#include <utility>

namespace hostav {
namespace {

class Regex {
  public:
    static Result<Regex> compile(const char *option, const std::string &expression) {
        Regex regex;
        regex.compiled_ = std::make_unique<regex_t>();
        // No REG_NEWLINE: a newline in a file's name is an ordinary character.
        const int error =
            regcomp(regex.compiled_.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB);
        if (error == 0)
            return regex;
        std::string why(regerror(error, regex.compiled_.get(), nullptr, 0), '\0');
        regerror(error, regex.compiled_.get(), why.data(), why.size());
        while (!why.empty() && why.back() == '\0')
            why.pop_back();
        regex.compiled_.reset(); // regcomp has freed the inside of it
        return fail(option + ("=" + escape_path(expression)), why);
    }
    Regex(Regex &&other) noexcept = default;
    Regex &operator=(Regex &&other) noexcept {
        std::swap(compiled_, other.compiled_);
        return *this;
    }
    Regex(const Regex &) = delete;
    Regex &operator=(const Regex &) = delete;
    ~Regex() {
        if (compiled_)
            regfree(compiled_.get());
    }

    /// 0, REG_NOMATCH, or REG_ESPACE when memory ran out.
    [[nodiscard]] int match(const std::string &text) const {
        return regexec(compiled_.get(), text.c_str(), 0, nullptr, 0);
    }

  private:
    Regex() = default;
    std::unique_ptr<regex_t> compiled_; // regex_t itself must not be moved
};

using List = std::vector<Regex>;

bool matches(const Regex &regex, const std::string &text, bool when_unknown) {
    const int result = regex.match(text);
    return result == 0 || (result != REG_NOMATCH && when_unknown);
}

/// `texts`: an expression matches when it matches any of them. What cannot be decided for lack of
/// memory is scanned.
bool wanted(const List &exclude, const List &include,
            std::initializer_list<const std::string *> texts) {
    const auto any = [&texts](const List &list, bool when_unknown) {
        for (const Regex &regex : list)
            for (const std::string *text : texts)
                if (matches(regex, *text, when_unknown))
                    return true;
        return false;
    };
    return !any(exclude, false) && (include.empty() || any(include, true));
}

Result<void> compile_list(const char *option, const std::vector<std::string> &from, List &to) {
    for (const std::string &expression : from) {
        auto regex = Regex::compile(option, expression);
        if (!regex)
            return std::unexpected(regex.error());
        to.push_back(std::move(*regex));
    }
    return {};
}

} // namespace

struct Selection::Impl {
    List exclude, include, exclude_dir, include_dir;
};

Selection::Selection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Selection::Selection(Selection &&) noexcept = default;
Selection &Selection::operator=(Selection &&) noexcept = default;
Selection::~Selection() = default;

Result<Selection> Selection::compile(const SelectionOptions &options) {
    auto impl = std::make_unique<Impl>();
    const struct {
        const char *option;
        const std::vector<std::string> &from;
        List &to;
    } lists[] = {{"--exclude", options.exclude, impl->exclude},
                 {"--include", options.include, impl->include},
                 {"--exclude-dir", options.exclude_dir, impl->exclude_dir},
                 {"--include-dir", options.include_dir, impl->include_dir}};
    for (const auto &list : lists)
        if (auto compiled = compile_list(list.option, list.from, list.to); !compiled)
            return std::unexpected(compiled.error());
    return Selection(std::move(impl));
}

bool Selection::wants_file(const std::string &real, const std::string & /*shown*/) const {
    return wanted(impl_->exclude, impl_->include, {&real});
}

bool Selection::wants_directory(const std::string &real, const std::string &shown) const {
    return wanted(impl_->exclude_dir, impl_->include_dir, {&real, &shown});
}

} // namespace hostav
