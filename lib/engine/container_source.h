// SPDX-License-Identifier: GPL-2.0-only
//
// Private to the container module: the bytes that libarchive decodes. They are read by position,
// so the descriptor's own offset does not matter, and a little at a time, so that whoever waits is
// asked often whether to go on.
#pragma once

#include "engine/container_reader.h"
#include "engine/lzop.h"

#include <vector>

namespace hostav {

class ContainerSource {
  public:
    ContainerSource(int fd, const ContainerPlace &place, std::function<bool()> go_on);

    /// Asks the caller; remembers a no.
    [[nodiscard]] bool go_on();
    [[nodiscard]] bool stopped() const { return stopped_; }

    /// The next bytes, valid until the next call: how many, 0 at the end, -1 with why() on error.
    [[nodiscard]] ssize_t read(const void **block);
    [[nodiscard]] const char *why() const { return why_; }
    /// Moves on by at most `request`, never beyond the end: missing data must be noticed.
    [[nodiscard]] std::int64_t skip(std::int64_t request);
    /// The new position, counted from where the container begins, or -1. `whence` as in lseek(2).
    [[nodiscard]] std::int64_t seek(std::int64_t offset, int whence);
    [[nodiscard]] bool can_seek() const { return !lzop_; }

  private:
    int fd_;
    std::uint64_t begin_, end_, position_;
    std::function<bool()> go_on_;
    bool stopped_ = false;
    const char *why_ = "";
    std::optional<LzopReader> lzop_;
    std::vector<char> buffer_;
};

} // namespace hostav
