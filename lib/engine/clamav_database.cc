// SPDX-License-Identifier: GPL-2.0-only
#include "engine/database.h"

#include "base/fd.h"
#include "base/text.h"
#include "conf/clam_conf.h"

#include <algorithm>
#include <array>
#include <clamav.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace hostav {

namespace {

using CvdHead = std::unique_ptr<cl_cvd, decltype(&cl_cvdfree)>;

CvdHead daily_head(const std::string &directory) {
    CvdHead newest(nullptr, cl_cvdfree);
    for (const char *name : {"/daily.cvd", "/daily.cld"}) {
        const auto path = directory + name;
        std::error_code missing;
        if (!std::filesystem::exists(path, missing))
            continue;
        CvdHead head(cl_cvdhead(path.c_str()), cl_cvdfree);
        if (head && (!newest || head->version > newest->version))
            newest = std::move(head);
    }
    return newest;
}

/// DatabaseDirectory of the updater's configuration, where one of its usual places has it.
std::optional<std::string> configured_directory() {
    for (const char *path : {"/etc/freshclam.conf", "/etc/clamav/freshclam.conf"}) {
        const auto lines = read_clam_conf(path);
        if (!lines)
            continue;
        for (const auto &line : *lines)
            if (line.option == "DatabaseDirectory" && !line.value.empty())
                return line.value;
        return std::nullopt;
    }
    return std::nullopt;
}

/// The file name extensions libclamav 1.4 loads (libclamav/readdb.h, CLI_DBEXT).
constexpr std::array database_extensions{
    ".db",  ".hdb", ".hdu", ".fp",   ".sfp",  ".mdb", ".mdu",  ".hsb", ".hsu", ".msb",
    ".msu", ".ndb", ".ndu", ".ldb",  ".ldu",  ".sdb", ".zmd",  ".rmd", ".pdb", ".gdb",
    ".wdb", ".cbc", ".ftm", ".cfg",  ".cvd",  ".cld", ".cud",  ".cdb", ".cat", ".crb",
    ".idb", ".ioc", ".yar", ".yara", ".pwdb", ".ign", ".ign2", ".imp", ".info"};

} // namespace

std::string installed_database_directory() {
    std::string standard = cl_retdbdir();
    const auto other = configured_directory();
    if (!other || *other == standard)
        return standard;
    const auto here = daily_head(standard);
    const auto there = daily_head(*other);
    const bool newer = there && (!here || there->version > here->version);
    return newer || !holds_databases(standard) ? *other : standard;
}

bool is_database_name(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0)
        return false;
    std::string extension(name.substr(dot));
    std::ranges::transform(extension, extension.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return std::ranges::find(database_extensions, extension) != database_extensions.end();
}

bool is_database_container(std::string_view name) {
    return name.ends_with(".cvd") || name.ends_with(".cld") || name.ends_with(".cud");
}

bool holds_databases(const std::string &directory) {
    std::error_code missing;
    return std::ranges::any_of(
        std::filesystem::directory_iterator(directory, missing),
        [](const auto &entry) { return is_database_name(entry.path().filename().string()); });
}

Result<DatabaseHead> read_database_head(int fd, const std::string &what) {
    // libclamav reads as much and looks for a terminating zero after it.
    constexpr std::size_t head_size = 512;
    std::array<char, head_size + 1> bytes{};
    const auto size = ::pread(fd, bytes.data(), head_size, 0);
    if (size < 0)
        return fail_errno(what);
    const CvdHead head(static_cast<std::size_t>(size) == head_size ? cl_cvdparse(bytes.data())
                                                                   : nullptr,
                       cl_cvdfree);
    if (!head)
        return fail(what, "is no ClamAV database");
    const auto text = [](const char *value) { return std::string(value == nullptr ? "" : value); };
    return DatabaseHead{head->version,    head->sigs,
                        head->fl,         text(head->builder),
                        text(head->time), static_cast<std::time_t>(head->stime)};
}

std::time_t newest_signatures(const std::string &directory) {
    std::time_t newest = 0;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(directory, error)) {
        const auto &path = entry.path().native();
        struct stat st = {};
        if (!is_database_name(path.substr(path.rfind('/') + 1)) || ::stat(path.c_str(), &st) != 0)
            continue;
        auto made = st.st_mtim.tv_sec;
        // A copy of an old one is not new.
        if (const Fd file(is_database_container(path) ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC)
                                                      : -1);
            file)
            if (const auto head = read_database_head(file.get(), path);
                head && head->built_time > 0)
                made = head->built_time;
        newest = std::max(newest, made);
    }
    return newest;
}

Result<void> verify_signed_database(const std::string &path) {
    if (const auto error = cl_cvdverify(path.c_str()); error != CL_SUCCESS)
        return fail(escape_path(path), cl_strerror(error));
    return {};
}

std::string engine_and_database_version(const std::string &directory) {
    std::string text = std::string("ClamAV ") + cl_retver();
    if (const auto head = daily_head(directory))
        text += "/" + std::to_string(head->version) + "/" + escape_path(head->time);
    return text;
}

} // namespace hostav
