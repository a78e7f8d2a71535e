// SPDX-License-Identifier: GPL-2.0-only
#include "engine/database.h"

#include "base/text.h"

#include <clamav.h>

namespace hostav {

std::string installed_database_directory() {
    return choose_database_directory(cl_retdbdir());
}

Result<void> verify_signed_database(const std::string &path) {
    if (const auto error = cl_cvdverify(path.c_str()); error != CL_SUCCESS)
        return fail(escape_path(path), cl_strerror(error));
    return {};
}

std::string engine_and_database_version(const std::string &directory) {
    std::string text = std::string("ClamAV ") + cl_retver();
    if (const auto head = daily_database_head(directory))
        text += "/" + std::to_string(head->version) + "/" + escape_path(head->built);
    return text;
}

} // namespace hostav
