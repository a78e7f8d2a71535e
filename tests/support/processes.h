// SPDX-License-Identifier: GPL-2.0-only
//
// The children of the test process and the state they are in, read from proc(5), and its open
// descriptors. Waiting has an end far beyond what any machine needs: a test that comes there hangs
// for another reason.
#pragma once

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace processes {

/// State letter and parent of a process; no state when there is none of that number.
struct Status {
    char state = '\0';
    pid_t parent = 0;
};

inline Status status(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The name before may hold anything, a parenthesis too.
    const auto name_end = text.rfind(") ");
    if (name_end == std::string::npos)
        return {};
    Status status;
    status.state = text[name_end + 2];
    const auto parent = name_end + 4;
    std::from_chars(text.data() + parent, text.data() + text.size(), status.parent);
    return status;
}

/// Children of this process, the dead that nobody has waited for included, in order.
inline std::vector<pid_t> children() {
    std::vector<pid_t> found;
    for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc() && end == name.data() + name.size() &&
            status(pid).parent == ::getpid())
            found.push_back(pid);
    }
    std::ranges::sort(found);
    return found;
}

/// Waits until a child is in one of `states`; false when it never is.
inline bool reaches(pid_t pid, std::string_view states) {
    constexpr int tries = 6000;
    for (int i = 0; i < tries; ++i) {
        if (states.contains(status(pid).state))
            return true;
        ::poll(nullptr, 0, 10);
    }
    return false;
}

/// The child does nothing any more, from now on.
inline bool stop(pid_t pid) {
    return ::kill(pid, SIGSTOP) == 0 && reaches(pid, "T");
}

/// The child is dead and its descriptors are closed; it waits to be reaped.
inline bool kill_and_wait(pid_t pid) {
    return ::kill(pid, SIGKILL) == 0 && reaches(pid, "Z");
}

inline std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace processes
