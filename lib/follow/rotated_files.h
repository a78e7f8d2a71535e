// SPDX-License-Identifier: GPL-2.0-only
//
// The rotated files beside a followed path as they are at one moment, in the order in which they
// were rotated, and which of them holds what was read before.
#pragma once

#include "follow/chain_file.h"
#include "follow/rotation.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hostav {

class RotatedFiles {
  public:
    /// `siblings`: earlier ones first. `modified` (nanoseconds since 1970): what was written last
    /// before that was there before, too.
    RotatedFiles(std::vector<Sibling> siblings, std::int64_t modified);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] const Sibling &operator[](std::size_t at) const { return entries_[at].sibling; }
    /// The first that was written in the second of `modified` or later: finer times are lost in
    /// copies and by gzip.
    [[nodiscard]] std::size_t first_later() const { return first_later_; }

    /// Opened when first asked for; none when it cannot be, or was released.
    [[nodiscard]] const FileContent *content(std::size_t at);
    /// Why there is none.
    [[nodiscard]] const std::string &failure(std::size_t at) const { return entries_[at].failure; }
    /// Hands the content over.
    FileContent release(std::size_t at);
    /// One was another file by the time it was opened, or gone: renamed or compressed meanwhile.
    [[nodiscard]] bool vanished() const { return vanished_; }

    /// Where a file that is held, or was read to its end, is: itself, else its earliest copy.
    [[nodiscard]] std::optional<std::size_t> find(const ChainFile &file);
    /// Whether one has what was read of a file.
    [[nodiscard]] bool belongs(const FilePlace &place, std::size_t at);

  private:
    struct Entry {
        Sibling sibling;
        FileContent content;
        bool opened = false;
        std::string failure;
    };
    std::vector<Entry> entries_;
    std::size_t first_later_ = 0;
    bool vanished_ = false;
};

} // namespace hostav
