// SPDX-License-Identifier: GPL-2.0-only
//
// A small map of texts on disk by LMDB, whose header is included in durable_map.cc only: what
// commit() has returned from survives SIGKILL and power failure. One process writes (a lock keeps a
// second one out), others may read meanwhile.
#pragma once

#include "base/error.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

class DurableMap {
  public:
    enum class Access { write, read };
    /// Opens or (for writing) makes `directory`/state.mdb, mode 0600, the directory 0700. Fails
    /// when another process writes (`in use by process N`), or nothing is there to read.
    static Result<DurableMap> open(const std::string &directory, Access access);
    DurableMap(DurableMap &&) noexcept;
    DurableMap &operator=(DurableMap &&) noexcept;
    DurableMap(const DurableMap &) = delete;
    DurableMap &operator=(const DurableMap &) = delete;
    ~DurableMap();

    /// Of what is committed. Keys have at most 511 bytes (LMDB's limit): a longer one is an error
    /// of the caller's.
    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const;
    /// Every pair whose key begins with `prefix`, in order.
    [[nodiscard]] Result<std::map<std::string, std::string>> all(std::string_view prefix) const;
    /// Puts pairs, and erases those without a value, in one durable transaction: all or nothing.
    Result<void> commit(const std::map<std::string, std::optional<std::string>> &changes);

  private:
    struct Impl;
    explicit DurableMap(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
