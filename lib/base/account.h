// SPDX-License-Identifier: GPL-2.0-only
//
// Who this process acts as. A tool that root starts keeps root in the saved user id only and acts
// as an ordinary account, and is root again for the few calls that need it. Single-threaded
// processes only: the ids are the whole process's.
#pragma once

#include "base/error.h"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace hostav {

struct Account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; ///< supplementary ones, as initgroups(3) would set them
};

/// Nothing when there is no such account; a failure when the user database cannot be asked.
[[nodiscard]] Result<std::optional<Account>> find_account(const std::string &name);

/// Takes the account's ids as the effective ones, groups too; the real and saved user id stay
/// root's. The caller is root.
[[nodiscard]] Result<void> act_as(const Account &account);
/// Becomes the account in every id, for good. The caller is root, or acts as somebody by act_as().
/// PR_SET_PDEATHSIG is kept.
[[nodiscard]] Result<void> become(const Account &account);

/// Root again for a scope, where act_as() has been called; nothing otherwise. When the ids cannot
/// be given back at the end the process is aborted.
class AsRoot {
  public:
    AsRoot();
    ~AsRoot();
    AsRoot(const AsRoot &) = delete;
    AsRoot &operator=(const AsRoot &) = delete;

  private:
    bool raised_ = false;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
};

} // namespace hostav
