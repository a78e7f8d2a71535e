// SPDX-License-Identifier: GPL-2.0-only
//
// What can be told of databases without libclamav, which takes memory that a small tool has not.
#include "engine/database.h"

#include "base/ascii.h"
#include "base/fd.h"
#include "base/text.h"
#include "conf/clam_conf.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hostav {

namespace {

/// DatabaseDirectory of the updater's configuration, where one of its usual places has it.
std::optional<std::string> configured_directory() {
    for (const auto &path : freshclam_conf_files()) {
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

std::optional<DatabaseHead> daily_database_head(const std::string &directory) {
    std::optional<DatabaseHead> newest;
    for (const char *name : {"/daily.cvd", "/daily.cld"}) {
        const auto path = directory + name;
        const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        auto head = file ? read_database_head(file.get(), path) : fail_errno(path);
        if (head && (!newest || head->version > newest->version))
            newest = std::move(*head);
    }
    return newest;
}

std::string choose_database_directory(const std::string &standard) {
    const auto other = configured_directory();
    if (!other || *other == standard)
        return standard;
    const auto here = daily_database_head(standard);
    const auto there = daily_database_head(*other);
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

// `ClamAV-VDB:TIME:VERSION:SIGNATURES:LEVEL:MD5:SIGNATURE:BUILDER:SECONDS` and blanks; the seconds
// are missing in old ones (libclamav/cvd.c, cl_cvdparse).
Result<DatabaseHead> read_database_head(int fd, const std::string &what) {
    constexpr std::size_t head_size = 512;
    constexpr std::string_view magic = "ClamAV-VDB:";
    std::array<char, head_size> bytes{};
    const auto size = ::pread(fd, bytes.data(), bytes.size(), 0);
    if (size < 0)
        return fail_errno(what);
    std::string_view text(bytes.data(), static_cast<std::size_t>(size));
    const auto nothing = fail(what, "is no ClamAV database");
    if (text.size() != head_size || !text.starts_with(magic))
        return nothing;
    text = text.substr(0, text.find('\0'));
    text = text.substr(0, text.find_last_not_of(" \r\n") + 1);
    const auto fields = split(text, ':');
    enum : std::size_t { built = 1, version, signatures, level, md5, signature, builder, seconds };
    if (fields.size() <= builder || fields[built].empty())
        return nothing;
    DatabaseHead head;
    for (const auto &[field, number] : {std::pair{version, &head.version},
                                        {signatures, &head.signatures},
                                        {level, &head.functionality_level}}) {
        const auto value = parse_number(fields[field]);
        if (!value)
            return nothing;
        *number = *value;
    }
    head.builder = fields[builder];
    head.built = fields[built];
    if (fields.size() > seconds)
        head.built_time = static_cast<std::time_t>(parse_number(fields[seconds]).value_or(0));
    return head;
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

} // namespace hostav
