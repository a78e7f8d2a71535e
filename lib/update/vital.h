// SPDX-License-Identifier: GPL-2.0-only
//
// What no set of signatures may condemn: the machine's own vital files, and one harmless object of
// each common format (ClamAV issue 620: in June 2022 one signature condemned every zip file).
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "update/config.h"

#include <functional>
#include <string>

namespace hostav {

struct VitalFile {
    std::string name; ///< its path, or `a harmless zip file`
    Fd fd;            ///< open for reading, at its start
};

/// Gives one after the other until `next` returns false. A file that is not there is left out (the
/// list is for every distribution); one that cannot be opened is given without a descriptor. Opens
/// as root where root started us.
void for_each_vital_file(const UpdateConfig &config,
                         const std::function<bool(VitalFile file)> &next);

/// The EICAR test file, in memory.
[[nodiscard]] Result<Fd> eicar_file();

} // namespace hostav
