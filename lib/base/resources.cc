// SPDX-License-Identifier: GPL-2.0-only
#include "base/resources.h"

#include "base/fd.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <malloc.h>
#include <string>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hostav {

void use_idle_time_only() {
    constexpr int nicest = 19;
    // linux/ioprio.h; glibc has no wrapper.
    constexpr int who_process = 1;
    constexpr int idle_class = 3;
    constexpr int class_shift = 13;
    ::setpriority(PRIO_PROCESS, 0, nicest);
    ::syscall(SYS_ioprio_set, who_process, 0, idle_class << class_shift);
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void set_oom_score(int score) {
    const Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    const auto text = std::to_string(score);
    if (file && ::write(file.get(), text.data(), text.size()) < 0)
        return; // as it was
}

void give_back_memory() {
    ::malloc_trim(0);
}

bool fill_standard_descriptors() {
    return std::ranges::all_of(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, [](int fd) {
        return ::fcntl(fd, F_GETFD) >= 0 ||
               ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == fd;
    });
}

} // namespace hostav
