// SPDX-License-Identifier: GPL-2.0-only
//
// What has been counted already, for counting each thing once a window. Memory is bounded: beyond
// `most_seen` things the oldest window is forgotten, and when only the one that counts is left,
// further things are not remembered, so that they may count twice: too many alarm, too few do not.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

namespace hostav {

constexpr std::size_t most_seen = 50'000;

class Seen {
  public:
    /// Whether `thing` is new in the window that began then.
    bool add(std::int64_t window, std::string_view thing);
    /// Things that could not be remembered so far.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  private:
    /// Half a SHA-256: nobody can find two paths that count as one.
    using Digest = std::array<char, 16>;
    std::map<std::int64_t, std::set<Digest>> windows_;
    std::size_t size_ = 0; ///< of all windows
    std::uint64_t forgotten_ = 0;
};

} // namespace hostav
