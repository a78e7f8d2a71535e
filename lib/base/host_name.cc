// SPDX-License-Identifier: GPL-2.0-only
#include "base/host_name.h"

#include <array>
#include <unistd.h>

namespace hostav {

std::string own_host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data()
                                                                               : "localhost";
}

} // namespace hostav
