// SPDX-License-Identifier: GPL-2.0-only
//
// Errors as values. The library returns Result<T>; a tool prints the error once, as
// `tool: what: why`, and chooses the exit status.
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <utility>

namespace hostav {

/// What failed (a file, an option, a system call's object) and why, both as printable text.
/// `what` must already be escaped when it comes from outside (see escape_path in base/text.h).
struct Error {
    std::string what;
    std::string why;

    /// `what: why`, or only `why` when nothing is named.
    [[nodiscard]] std::string text() const { return what.empty() ? why : what + ": " + why; }
};

template <typename T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(std::string what, std::string why) {
    return std::unexpected(Error{std::move(what), std::move(why)});
}

/// For what may fail without consequence: says that nobody looks.
template <typename T>
void best_effort(const Result<T> & /*done*/) {}

/// As fail(), with the system's text for an errno value.
[[nodiscard]] inline std::unexpected<Error> fail_errno(std::string what, int error = errno) {
    return fail(std::move(what), std::strerror(error)); // NOLINT(concurrency-mt-unsafe)
}

} // namespace hostav
