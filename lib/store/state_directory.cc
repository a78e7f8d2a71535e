// SPDX-License-Identifier: GPL-2.0-only
#include "store/state_directory.h"

#include "base/text.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

std::string usual_state_directory(const std::string &tool,
                                  const std::function<std::string(const char *name)> &variable) {
    if (const auto given = variable("STATE_DIRECTORY"); !given.empty())
        return given.substr(0, given.find(':'));
    if (::geteuid() == 0)
        return "/var/lib/" + tool;
    const auto state = variable("XDG_STATE_HOME");
    return (state.empty() ? variable("HOME") + "/.local/state" : state) + "/" + tool;
}

Result<Fd> make_state_directory(const std::string &path) {
    constexpr mode_t above = 0755;
    for (auto slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1))
        ::mkdir(path.substr(0, slash).c_str(), above); // what fails is told by the last one
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
        return fail_errno("state directory " + escape_path(path));
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fail_errno("state directory " + escape_path(path));
    return fd;
}

} // namespace hostav
