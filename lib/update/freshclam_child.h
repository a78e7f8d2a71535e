// SPDX-License-Identifier: GPL-2.0-only
//
// Private to fetch_official(): what runs in the child, with libfreshclam.
#pragma once

#include "update/freshclam.h"

#include <string>

namespace hostav {

/// What the child finds out, written to a descriptor as lines `NAME VALUE`, because prose is no
/// interface: `status N` (last), `failed DATABASE`, `outdated VERSION`.
class ChildReport {
  public:
    explicit ChildReport(int fd) : fd_(fd) {}
    void add(const std::string &name, const std::string &value) const;

  private:
    int fd_;
};

/// The child's whole work once it is DatabaseOwner; returns its exit status, which nobody reads.
int run_freshclam(const UpdateConfig &config, const OfficialRequest &request, bool progress,
                  const ChildReport &report);

/// A private mirror that is a directory: `/dir` or `file:///dir`. libfreshclam takes HTTP only.
[[nodiscard]] bool is_directory_mirror(const std::string &mirror);
/// Takes newer databases from it. Prints as libfreshclam does.
int run_directory_mirror(const UpdateConfig &config, const OfficialRequest &request,
                         const ChildReport &report);

} // namespace hostav
