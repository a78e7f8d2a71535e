// SPDX-License-Identifier: GPL-2.0-only
//
// Where reading may end of files that go on growing: what comes into a file while it is read has no
// end where its writer is fast enough.
#pragma once

#include "follow/input.h"

#include <unordered_map>

namespace hostav {

class Goals {
  public:
    /// The goal is what is in the file now that the input's path names.
    void note(const Input &input);
    void forget(const Input &input) { goals_.erase(&input); }
    /// Everything up to the goal is delivered.
    [[nodiscard]] bool reached(const Input &input) const;

  private:
    struct Goal {
        std::uint64_t device = 0, inode = 0, size = 0;
        bool was_past = false; ///< it was in the record as one of those before
    };
    std::unordered_map<const Input *, Goal> goals_;
};

} // namespace hostav
