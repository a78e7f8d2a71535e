// SPDX-License-Identifier: GPL-2.0-only
#include "engine/engine_digest.h"

#include "base/digest.h"
#include "base/directory_reader.h"
#include "base/fd.h"
#include "engine/database.h"
#include "engine/engine.h"
#include "engine/installed_set.h"

#include <algorithm>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>

namespace hostav {

namespace {

template <typename... Values>
void put(std::ostringstream &out, const Values &...values) {
    ((out << values << '\n'), ...);
}

void put_list(std::ostringstream &out, std::vector<std::string> values) {
    std::ranges::sort(values);
    put(out, values.size());
    for (const auto &value : values)
        put(out, value);
}

void put_load(std::ostringstream &out, const LoadOptions &load) {
    put(out, load.embedded, load.official_only, static_cast<int>(load.yara),
        load.phishing_signatures, load.phishing_urls, load.bytecode, load.bytecode_unsigned,
        load.bytecode_paranoid, load.bytecode_timeout, static_cast<int>(load.bytecode_mode),
        load.bytecode_statistics, load.pcre_statistics, load.detect_pua, load.ac_only,
        load.ac_depth.value_or(0));
    put_list(out, load.detect_pua ? load.exclude_pua : std::vector<std::string>());
    put_list(out, load.detect_pua ? load.include_pua : std::vector<std::string>());
}

void put_limits(std::ostringstream &out, const ScanLimits &limits) {
    put(out, limits.scan_time == 0 ? default_scan_time : limits.scan_time, limits.scan_size,
        limits.file_size, limits.recursion, limits.files, limits.embedded_pe, limits.html_normalize,
        limits.html_no_tags, limits.script_normalize, limits.zip_type_recognition,
        limits.partitions, limits.icons_pe, limits.recursion_hwp3, limits.pcre_match,
        limits.pcre_recursion, limits.pcre_file_size);
}

void put_parse(std::ostringstream &out, const ParseOptions &parse) {
    put(out, parse.archive, parse.elf, parse.pdf, parse.swf, parse.hwp3, parse.xmldocs, parse.mail,
        parse.ole2, parse.html, parse.pe, parse.onenote, parse.image, parse.image_fuzzy_hash,
        parse.heuristics, parse.heuristic_precedence, parse.alert_broken, parse.alert_broken_media,
        parse.alert_encrypted_archive, parse.alert_encrypted_doc, parse.alert_macros,
        parse.alert_exceeds_max, parse.alert_phishing_ssl, parse.alert_phishing_cloak,
        parse.alert_partition_intersection, parse.structured);
    if (parse.structured)
        put(out, parse.structured_ssn_count, parse.structured_cc_count, parse.structured_ssn_format,
            parse.structured_cc_only);
}

bool put_file(std::ostringstream &out, int directory, const std::string &name) {
    struct stat st = {};
    if (::fstatat(directory, name.c_str(), &st, 0) != 0)
        return false;
    put(out, st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
        st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    return true;
}

bool put_directory(std::ostringstream &out, const std::string &path) {
    const auto set = find_installed_set(path);
    if (!set || set->paths.size() != 1 || set->paths.front() != path)
        return false; // half installed
    const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return false;
    std::vector<std::string> names;
    DirectoryReader reader(directory.get());
    while (auto entry = reader.next())
        if (is_database_name(entry->name))
            names.push_back(std::move(entry->name));
    std::ranges::sort(names);
    put(out, names.size());
    return std::ranges::all_of(names, [&](const auto &name) {
        put(out, name);
        return put_file(out, directory.get(), name);
    });
}

bool put_databases(std::ostringstream &out, const LoadOptions &load) {
    if (load.embedded)
        return true;
    return std::ranges::all_of(load.databases, [&out](const std::string &path) {
        struct stat st = {};
        if (::stat(path.c_str(), &st) != 0)
            return false;
        return S_ISDIR(st.st_mode) ? put_directory(out, path) : put_file(out, AT_FDCWD, path);
    });
}

} // namespace

std::string engine_digest(const EngineOptions &options) {
    std::ostringstream out;
    put(out, HOSTAV_VERSION, Engine::version(), options.all_matches, options.member_lines,
        options.disable_certificates, options.dump_certificates, options.pe_section_hashes,
        options.metadata_json, options.leave_temporary_files, options.force_to_disk, options.debug);
    put_load(out, options.load);
    put_limits(out, options.limits);
    put_parse(out, options.parse);
    if (!put_databases(out, options.load))
        return {};
    return sha256_of(out.str());
}

} // namespace hostav
