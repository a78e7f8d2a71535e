// SPDX-License-Identifier: GPL-2.0-only
//
// The one module that includes PCRE2. A pattern may be the user's and the text anybody's, so what a
// search may cost is bounded: PCRE2 counts its steps back, and gives up.
#include "base/regex.h"

#include <array>
#include <cstdint>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace hostav {

namespace {

// A tenth of PCRE2's own default: some 50 ms, after which an expression is wrong, not the text.
constexpr std::uint32_t match_limit = 1'000'000;
constexpr std::uint32_t depth_limit = 100'000;
constexpr std::uint32_t heap_limit = 4096; // KiB, for what machine code's stack did not hold

template <auto Free>
struct FreeBy {
    template <typename T>
    void operator()(T *what) const {
        Free(what);
    }
};

std::string message(int code) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char *>(text.data()); // NOLINT(*-reinterpret-cast)
}

PCRE2_SPTR units(std::string_view text) {
    // PCRE2 refuses a null pointer, which an empty view may have.
    const char *begin = text.data() == nullptr ? "" : text.data();
    return reinterpret_cast<PCRE2_SPTR>(begin); // NOLINT(*-reinterpret-cast)
}

} // namespace

struct Regex::Impl {
    std::unique_ptr<pcre2_code, FreeBy<pcre2_code_free>> code;
    std::unique_ptr<pcre2_match_context, FreeBy<pcre2_match_context_free>> limits;
    std::unique_ptr<pcre2_match_data, FreeBy<pcre2_match_data_free>> data;
    bool direct = false; ///< machine code may be called without PCRE2's checks of its arguments
    std::size_t exhausted = 0;

    bool match(std::string_view text) {
        int found = PCRE2_ERROR_JIT_STACKLIMIT;
        if (direct)
            found = pcre2_jit_match(code.get(), units(text), text.size(), 0, 0, data.get(),
                                    limits.get());
        else
            found =
                pcre2_match(code.get(), units(text), text.size(), 0, 0, data.get(), limits.get());
        // Machine code has 32 KiB of stack; the interpreter has the heap, up to the limit.
        if (found == PCRE2_ERROR_JIT_STACKLIMIT)
            found = pcre2_match(code.get(), units(text), text.size(), 0, PCRE2_NO_JIT, data.get(),
                                limits.get());
        if (found < 0 && found != PCRE2_ERROR_NOMATCH)
            ++exhausted;
        return found >= 0;
    }
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Regex::Regex(Regex &&) noexcept = default;
Regex &Regex::operator=(Regex &&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(const std::string &pattern, const Options &options,
                             const std::string &what) {
    // MATCH_INVALID_UTF: a caller's mistake about its text is then no way out of the text.
    const std::uint32_t flags = (options.ignore_case ? PCRE2_CASELESS : 0U) |
                                (options.utf ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0U) |
                                PCRE2_NEVER_BACKSLASH_C;
    int code = 0;
    PCRE2_SIZE at = 0;
    auto impl = std::make_unique<Impl>();
    impl->code.reset(pcre2_compile(units(pattern), pattern.size(), flags, &code, &at, nullptr));
    if (!impl->code)
        return fail(what, message(code) + " at " + std::to_string(at));
    // Where memory may not be made executable this fails, and the interpreter does it.
    const bool jit = pcre2_jit_compile(impl->code.get(), PCRE2_JIT_COMPLETE) == 0;
    impl->direct = jit && !options.utf;
    impl->limits.reset(pcre2_match_context_create(nullptr));
    impl->data.reset(pcre2_match_data_create_from_pattern(impl->code.get(), nullptr));
    if (!impl->limits || !impl->data)
        return fail_errno(what, ENOMEM);
    pcre2_set_match_limit(impl->limits.get(), match_limit);
    pcre2_set_depth_limit(impl->limits.get(), depth_limit);
    pcre2_set_heap_limit(impl->limits.get(), heap_limit);
    return Regex(std::move(impl));
}

bool Regex::search(std::string_view text) const {
    return impl_->match(text);
}

bool Regex::search(std::string_view text, std::vector<std::string_view> &groups) const {
    if (!impl_->match(text))
        return false;
    const std::size_t *const places = pcre2_get_ovector_pointer(impl_->data.get());
    groups.resize(pcre2_get_ovector_count(impl_->data.get()));
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto begin = places[2 * i], end = places[2 * i + 1];
        groups[i] = begin == PCRE2_UNSET || end < begin ? std::string_view()
                                                        : text.substr(begin, end - begin);
    }
    return true;
}

std::size_t Regex::group(const std::string &name) const {
    const int number = pcre2_substring_number_from_name(impl_->code.get(), units(name));
    return number > 0 ? static_cast<std::size_t>(number) : 0;
}

std::size_t Regex::exhausted() const {
    return impl_->exhausted;
}

} // namespace hostav
