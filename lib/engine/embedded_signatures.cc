// SPDX-License-Identifier: GPL-2.0-only
//
// The signatures that come with the program, so that a first try needs no download. Both objects
// are harmless and made for tests: the EICAR file (eicar.org) and ClamAV's own test file
// (Debian's clamav-testfiles). Kept as ClamAV signatures, so that this program is no EICAR file.
#include "base/files.h"
#include "base/text.h"
#include "engine/database.h"

#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>

namespace hostav {

namespace {

// The 68 bytes of EICAR in hexadecimal, split where people spell it wrongly: the letter O typed as
// a zero, the backslash doubled, and in double quotes the shell's empty $EICAR and $H.
constexpr std::string_view x5 = "5835";
constexpr std::string_view letter_o = "(4f|30)";
constexpr std::string_view up_to_backslash = "2150254041505b34";
constexpr std::string_view backslash = "5c";
constexpr std::string_view up_to_dollar = "505a58353428505e2937434329377d";
constexpr std::string_view dollar_eicar = "244549434152";
constexpr std::string_view standard =
    "2d5354414e444152442d414e544956495255532d544553542d46494c4521";
constexpr std::string_view dollar_h = "2448";
constexpr std::string_view plus_h = "2b482a";

/// clam.exe by digest and size, for every wrapping that libclamav opens.
constexpr std::string_view test_file = "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n";

/// The same bytes as UTF-16, `first` before and `second` after each.
std::string widened(std::string_view digits, std::string_view first, std::string_view second) {
    std::string wide;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        wide.append(first).append(digits.substr(i, 2)).append(second);
    return wide;
}

std::string eicar_lines() {
    const auto joined = [](const auto &...parts) {
        return (std::string() + ... + std::string(parts));
    };
    const auto head = joined(x5, letter_o, up_to_backslash, backslash);
    const auto tail = joined(up_to_dollar, dollar_eicar, standard, dollar_h, plus_h);
    const auto plain = joined(x5, "4f", up_to_backslash, backslash, tail);
    // At the start, or within 16 bytes of it: a byte order mark, quotes, an empty line.
    constexpr std::string_view line = "Eicar-Signature:0:0,16:";
    return joined(line, head, tail, "\n") + joined(line, head, backslash, tail, "\n") +
           joined(line, head, up_to_dollar, standard, plus_h, "\n") +
           joined(line, widened(plain, "", "00"), "\n") +
           joined(line, widened(plain, "00", ""), "\n");
}

Result<void> write_file(const std::string &path, std::string_view content) {
    constexpr mode_t only_us = 0600;
    const Fd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, only_us));
    if (!fd)
        return fail_errno(escape_path(path));
    return write_all(fd.get(), content, escape_path(path));
}

Result<void> write_embedded_signatures(const std::string &directory) {
    if (auto wrote = write_file(directory + "/embedded.ndb", eicar_lines()); !wrote)
        return wrote;
    return write_file(directory + "/embedded.hdb", test_file);
}

} // namespace

Result<void> choose_databases(LoadOptions &load, const std::string &directory) {
    if (!load.databases.empty())
        return {};
    const auto installed = installed_database_directory();
    if (!holds_databases(installed))
        return use_embedded_signatures(load, directory);
    load.databases.push_back(installed);
    return {};
}

Result<void> use_embedded_signatures(LoadOptions &load, const std::string &directory) {
    const auto embedded = directory + "/embedded";
    constexpr mode_t only_us = 0700;
    if (::mkdir(embedded.c_str(), only_us) != 0)
        return fail_errno(escape_path(embedded));
    load.databases = {embedded};
    load.embedded = true;
    return write_embedded_signatures(embedded);
}

} // namespace hostav
