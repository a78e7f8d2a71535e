// SPDX-License-Identifier: GPL-2.0-only
#include "base/mounts.h"

#include "base/text.h"

#include <fstream>
#include <sstream>
#include <sys/sysmacros.h>

namespace hostav {

Mounts Mounts::read(const std::string &path) {
    Mounts mounts;
    std::set<dev_t> twice;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string id, parent, device;
        fields >> id >> parent >> device;
        const auto colon = device.find(':');
        if (colon == std::string::npos)
            continue;
        const auto major = parse_number(device.substr(0, colon));
        const auto minor = parse_number(device.substr(colon + 1));
        if (!major || !minor)
            continue;
        const auto number = makedev(static_cast<unsigned>(*major), static_cast<unsigned>(*minor));
        if (!mounts.once_.insert(number).second)
            twice.insert(number);
    }
    for (const auto device : twice)
        mounts.once_.erase(device);
    return mounts;
}

} // namespace hostav
