// SPDX-License-Identifier: GPL-2.0-only
#include "conf/clam_conf.h"

#include "base/text.h"

#include <fstream>

namespace hostav {

namespace {

constexpr const char *blanks = " \t\r";

std::string trimmed(const std::string &text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

Result<std::vector<ConfLine>> read_clam_conf(const std::string &path) {
    std::ifstream file(path);
    if (!file)
        return fail_errno(escape_path(path));
    std::vector<ConfLine> lines;
    unsigned number = 0;
    for (std::string raw; std::getline(file, raw);) {
        ++number;
        const auto text = trimmed(raw);
        if (text.empty() || text.front() == '#')
            continue;
        const auto blank = text.find_first_of(blanks);
        ConfLine line{text.substr(0, blank), {}, number};
        if (blank != std::string::npos)
            line.value = trimmed(text.substr(blank));
        if (line.value.size() >= 2 && line.value.front() == '"') {
            // The last quote ends it, as in ClamAV: commands have quotes of their own.
            const auto close = line.value.rfind('"');
            line.value = line.value.substr(1, close == 0 ? std::string::npos : close - 1);
        }
        lines.push_back(std::move(line));
    }
    if (file.bad())
        return fail(escape_path(path), "cannot be read");
    return lines;
}

Result<ClamdAddress> read_clamd_address(const std::string &path) {
    const auto lines = read_clam_conf(path);
    if (!lines)
        return std::unexpected(lines.error());
    ClamdAddress address;
    for (const auto &line : *lines) {
        auto *to = line.option == "LocalSocket" ? &address.socket
                   : line.option == "TCPSocket" ? &address.port
                   : line.option == "TCPAddr"   ? &address.host
                                                : nullptr;
        if (to != nullptr && to->empty())
            *to = line.value;
    }
    if (address.socket.empty() && address.port.empty())
        return fail(escape_path(path), "names no socket of clamd");
    return address;
}

const std::vector<std::string> &clamd_conf_files() {
    static const std::vector<std::string> files{"/etc/hostav/onaccess-watch.conf",
                                                "/etc/clamd.d/scan.conf", "/etc/clamd.conf",
                                                "/etc/clamav/clamd.conf"};
    return files;
}

const std::vector<std::string> &freshclam_conf_files() {
    static const std::vector<std::string> files{"/etc/hostav/sigupdate.conf", "/etc/freshclam.conf",
                                                "/etc/clamav/freshclam.conf"};
    return files;
}

} // namespace hostav
