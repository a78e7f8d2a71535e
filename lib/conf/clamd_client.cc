// SPDX-License-Identifier: GPL-2.0-only
#include "conf/clamd_client.h"

#include "base/socket.h"

#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace hostav {

Result<Fd> connect_clamd(const ClamdAddress &address) {
    return address.socket.empty() ? connect_tcp(address.host, address.port)
                                  : connect_unix(address.socket);
}

Result<std::string> ask_clamd(const ClamdAddress &address, const std::string &command,
                              std::size_t most) {
    const auto fd = connect_clamd(address);
    if (!fd)
        return std::unexpected(fd.error());
    const auto text = "z" + command + '\0';
    if (::send(fd->get(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size()))
        return fail_errno("the daemon");
    auto answer = read_answer(fd->get(), '\0', most);
    if (!answer.ends_with('\0'))
        return fail("the daemon", "does not answer");
    answer.pop_back();
    return answer;
}

Result<DaemonStatus> ask_daemon_status(const ClamdAddress &address) {
    constexpr std::size_t longest_status = 1 << 18;
    auto answer = ask_clamd(address, "HOSTAV-STATUS", longest_status);
    if (!answer)
        return std::unexpected(answer.error());
    auto tree = parse_json_tree(*answer, "the daemon");
    if (!tree)
        return std::unexpected(tree.error());
    const auto state = text_field(tree->fields, "state");
    const bool works = state == "protecting" || state == "serving" || state == "reporting";
    return DaemonStatus{std::move(*answer), std::move(*tree), works};
}

Result<ClamdAddress> resident_address() {
    for (const auto &file : clamd_conf_files())
        if (::access(file.c_str(), R_OK) == 0)
            return read_clamd_address(file);
    return fail("", "no clamd.conf says where the daemon listens");
}

} // namespace hostav
