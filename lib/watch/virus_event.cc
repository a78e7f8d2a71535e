// SPDX-License-Identifier: GPL-2.0-only
#include "watch/virus_event.h"

#include "base/resources.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

constexpr std::size_t most_waiting = 1000;
constexpr std::size_t most_running = 4;
constexpr std::chrono::minutes longest{10};

[[noreturn]] void run_event(const std::string &command, const std::string &path,
                            const std::string &signature, const std::optional<Account> &account) {
    constexpr int cannot = 126;
    ::setsid(); // killed whole; and not exempt from the gate, as we are
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGPIPE, SIGXFSZ})
        ::signal(signal, SIG_DFL);
    const int null = ::open("/dev/null", O_RDWR);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(null, standard);
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
    set_oom_score(0); // the administrator's command is not what the service is spared for
    if (account && !become(*account))
        ::_exit(cannot);
    const auto file = "CLAM_VIRUSEVENT_FILENAME=" + path;
    const auto name = "CLAM_VIRUSEVENT_VIRUSNAME=" + signature;
    const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", file.c_str(),
        name.c_str(), nullptr};
    ::execle("/bin/sh", "sh", "-c", command.c_str(), static_cast<char *>(nullptr),
             static_cast<const char *const *>(environment));
    ::_exit(cannot);
}

} // namespace

std::string expand_event(const std::string &command, const std::string &signature) {
    constexpr std::string_view harmless =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._:/+@,=-";
    std::string safe;
    for (const char c : signature)
        safe += harmless.find(c) == std::string_view::npos ? '_' : c;
    std::string expanded;
    for (std::size_t i = 0; i < command.size(); ++i)
        if (command.compare(i, 2, "%v") == 0) {
            expanded += safe;
            ++i;
        } else {
            expanded += command[i];
        }
    return expanded;
}

VirusEvents::VirusEvents(std::string command, std::optional<Account> account)
    : command_(std::move(command)), account_(std::move(account)) {}

bool VirusEvents::add(const std::string &path, const std::string &signature) {
    if (command_.empty())
        return true;
    if (waiting_.size() >= most_waiting)
        return lost_++ > 0;
    waiting_.push_back({path, signature});
    return true;
}

Result<pid_t> VirusEvents::start(const Event &event) const {
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail_errno("VirusEvent");
    if (pid == 0)
        run_event(expand_event(command_, event.signature), event.path, event.signature, account_);
    return pid;
}

std::vector<std::string> VirusEvents::tend() {
    std::vector<std::string> complaints;
    const auto now = Clock::now();
    for (auto &running : running_)
        if (now - running.since > longest) {
            ::kill(-running.pid, SIGKILL);
            running.since = now;
            complaints.emplace_back("VirusEvent: the command ran for more than ten minutes");
        }
    while (!waiting_.empty() && running_.size() < most_running) {
        const auto pid = start(waiting_.front());
        if (pid)
            running_.push_back({*pid, now});
        else
            complaints.push_back(pid.error().text());
        waiting_.pop_front();
    }
    if (lost_ > 0 && waiting_.size() < most_waiting / 2)
        complaints.push_back("VirusEvent: too many waited: " +
                             std::to_string(std::exchange(lost_, 0)) + " were lost");
    return complaints;
}

bool VirusEvents::ended(pid_t pid, int status, std::vector<std::string> &complaints) {
    const auto found = std::ranges::find_if(
        running_, [pid](const Running &running) { return running.pid == pid; });
    if (found == running_.end())
        return false;
    running_.erase(found);
    if (!WIFEXITED(status))
        complaints.push_back("VirusEvent: the command was ended by signal " +
                             std::to_string(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        complaints.push_back("VirusEvent: the command ended with status " +
                             std::to_string(WEXITSTATUS(status)));
    return true;
}

} // namespace hostav
