// SPDX-License-Identifier: GPL-2.0-only
#include "engine/database.h"

#include "base/text.h"

#include <clamav.h>
#include <unistd.h>

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
#if CLAMAV_VERSION_NUM >= 0x010500
    if (cl_engine *engine = cl_engine_new(); engine != nullptr) {
        int error = CL_SUCCESS;
        const char *own = cl_engine_get_str(engine, CL_ENGINE_CVDCERTSDIR, &error);
        const std::string directory = own == nullptr ? "" : own;
        cl_engine_free(engine);
        if (access(directory.c_str(), R_OK | X_OK) == 0)
            return directory;
    }
#endif
    return "/";
}

std::string engine_and_database_version(const std::string &directory) {
    std::string text = std::string("ClamAV ") + cl_retver();
    if (const auto head = daily_database_head(directory))
        text += "/" + std::to_string(head->version) + "/" + escape_path(head->built);
    return text;
}

} // namespace hostav
