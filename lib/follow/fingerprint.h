// SPDX-License-Identifier: GPL-2.0-only
//
// What tells a log file from any other by its content: the hash of its first lines (awslogs'
// file_fingerprint_lines), and an anchor, the hash of the bytes just before the place up to which
// it was read. Log files only grow: when one of them changes, it is another file by now.
#pragma once

#include "follow/file_content.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

/// The first 64 bits of SHA-256.
[[nodiscard]] std::uint64_t content_hash(std::string_view bytes);

struct Fingerprint {
    /// Of the lines' bytes, at most these many count.
    static constexpr std::size_t most = 1024;
    /// How far into the file lines are looked for.
    static constexpr std::size_t furthest = std::size_t{64} * 1024;

    std::uint32_t from = 0, length = 0; ///< length 0: not known
    std::uint64_t hash = 0;
    [[nodiscard]] bool known() const { return length > 0; }
    bool operator==(const Fingerprint &) const = default;

    /// Of lines `first` to `last`, counted from 1; nothing as long as they are not complete. With
    /// `short_too` what is there counts, be it less; nothing only for an empty file.
    static std::optional<Fingerprint> of(const FileContent &file, unsigned first, unsigned last,
                                         bool short_too);
    /// Whether the file has what this is of; an unknown one fits nothing.
    [[nodiscard]] Result<bool> fits(const FileContent &file) const;

    [[nodiscard]] std::string text() const;
    static std::optional<Fingerprint> parse(std::string_view text);
};

struct Anchor {
    static constexpr std::size_t most = 256;

    std::uint64_t at = 0; ///< the bytes end here; at 0 there are none, and it fits everything
    std::uint64_t hash = 0;
    bool operator==(const Anchor &) const = default;

    /// Of what ends `before`.
    static Anchor of(std::string_view before, std::uint64_t at);
    /// Nothing when the file is shorter than that.
    static Result<std::optional<Anchor>> of(const FileContent &file, std::uint64_t at);
    [[nodiscard]] Result<bool> fits(const FileContent &file) const;

    [[nodiscard]] std::string text() const;
    static std::optional<Anchor> parse(std::string_view text);
};

} // namespace hostav
