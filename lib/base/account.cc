// SPDX-License-Identifier: GPL-2.0-only
#include "base/account.h"

#include <cstdlib>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace hostav {

namespace {

/// setresuid(2) and its like: this id stays.
template <typename Id>
constexpr Id unchanged = static_cast<Id>(-1);

std::vector<gid_t> groups_of(const std::string &name, gid_t gid) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(name.c_str(), gid, groups.data(), &count) < 0 &&
           static_cast<std::size_t>(count) > groups.size())
        groups.resize(static_cast<std::size_t>(count));
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

} // namespace

Result<std::optional<Account>> find_account(const std::string &name) {
    constexpr std::size_t first_size = 16384;
    std::vector<char> buffer(first_size);
    passwd entry{};
    passwd *found = nullptr;
    int error = 0;
    while ((error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) ==
           ERANGE)
        buffer.resize(buffer.size() * 2);
    if (error != 0 && error != ENOENT)
        return fail_errno(name, error);
    if (found == nullptr)
        return std::nullopt;
    return Account{name, found->pw_uid, found->pw_gid, groups_of(name, found->pw_gid)};
}

Result<void> act_as(const Account &account) {
    if (::setgroups(account.groups.size(), account.groups.data()) != 0)
        return fail_errno("setgroups");
    if (::setresgid(unchanged<gid_t>, account.gid, unchanged<gid_t>) != 0)
        return fail_errno("setresgid");
    if (::setresuid(unchanged<uid_t>, account.uid, unchanged<uid_t>) != 0)
        return fail_errno("setresuid");
    return {};
}

Result<void> become(const Account &account) {
    int death_signal = 0;
    if (::prctl(PR_GET_PDEATHSIG, &death_signal) != 0)
        return fail_errno("PR_GET_PDEATHSIG");
    const pid_t parent = ::getppid();
    if (::geteuid() != 0 && ::setresuid(unchanged<uid_t>, 0, unchanged<uid_t>) != 0)
        return fail_errno("setresuid");
    if (::setgroups(account.groups.size(), account.groups.data()) != 0)
        return fail_errno("setgroups");
    if (::setresgid(account.gid, account.gid, account.gid) != 0)
        return fail_errno("setresgid");
    if (::setresuid(account.uid, account.uid, account.uid) != 0)
        return fail_errno("setresuid");
    // The kernel forgets it when the ids change, and a parent that died meanwhile has sent none.
    if (death_signal == 0)
        return {};
    if (::prctl(PR_SET_PDEATHSIG, death_signal) != 0)
        return fail_errno("PR_SET_PDEATHSIG");
    if (::getppid() != parent)
        return fail("", "the parent process has died");
    return {};
}

AsRoot::AsRoot() : uid_(::geteuid()), gid_(::getegid()) {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    if (::getresuid(&real, &effective, &saved) != 0 || effective == 0 || saved != 0)
        return;
    raised_ = ::setresuid(unchanged<uid_t>, 0, unchanged<uid_t>) == 0;
    if (raised_ && ::setresgid(unchanged<gid_t>, 0, unchanged<gid_t>) != 0)
        gid_ = ::getegid(); // then it stays as it is
}

AsRoot::~AsRoot() {
    if (!raised_)
        return;
    // To go on as root would be worse than not to go on.
    if (::setresgid(unchanged<gid_t>, gid_, unchanged<gid_t>) != 0 ||
        ::setresuid(unchanged<uid_t>, uid_, unchanged<uid_t>) != 0)
        std::abort();
}

} // namespace hostav
