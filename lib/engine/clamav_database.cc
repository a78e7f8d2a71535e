// SPDX-License-Identifier: GPL-2.0-only
#include "engine/database.h"

#include "base/fd.h"
#include "base/text.h"

#include <clamav.h>
#include <fcntl.h>

namespace hostav {

std::string installed_database_directory() {
    return choose_database_directory(cl_retdbdir());
}

Result<void> verify_signed_database(const std::string &path) {
    if (const auto error = cl_cvdverify(path.c_str()); error != CL_SUCCESS)
        return fail(escape_path(path), cl_strerror(error));
    return {};
}

std::string certificates_directory() {
    std::string own;
#if CLAMAV_VERSION_NUM >= 0x010500
    if (cl_engine *engine = cl_engine_new(); engine != nullptr) {
        int error = CL_SUCCESS;
        if (const char *set = cl_engine_get_str(engine, CL_ENGINE_CVDCERTSDIR, &error);
            set != nullptr)
            own = set;
        cl_engine_free(engine);
    }
#endif
    // Opened, as Landlock forbids what access(2) allows. In a cage only its own working directory
    // is left, which is empty.
    for (const auto &directory : {own, std::string("/")})
        if (Fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
            return directory;
    return ".";
}

std::string engine_and_database_version(const std::string &directory) {
    std::string text = std::string("ClamAV ") + cl_retver();
    if (const auto head = daily_database_head(directory))
        text += "/" + std::to_string(head->version) + "/" + escape_path(head->built);
    return text;
}

} // namespace hostav
