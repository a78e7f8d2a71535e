// SPDX-License-Identifier: GPL-2.0-only
//
// The system call filter of a worker: what libclamav, libarchive and our own loop need is allowed,
// what only an intruder would try kills the process, all else answers EPERM. The lists name calls
// of every architecture; libseccomp knows which ones exist here.
#include "engine/cage_parts.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <seccomp.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace hostav {
namespace {

using Names = std::span<const char *const>;

// clang-format off
constexpr auto allowed = std::to_array<const char *>({
    // Descriptors: the scanned file, the socket to the parent, temporary files.
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek",
    "_llseek", "close", "dup", "dup2", "dup3", "poll", "ppoll", "select", "pselect6", "recvmsg",
    "sendmsg", "recvfrom", "fstat", "fstat64", "fstatfs", "fadvise64", "fsync", "fdatasync",
    "ftruncate", "ftruncate64", "fallocate", "memfd_create", "getdents", "getdents64",
    // Paths: Landlock and chroot say which.
    "stat", "lstat", "stat64", "lstat64", "newfstatat", "fstatat64", "statx", "statfs", "access",
    "faccessat", "faccessat2", "getcwd", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat",
    "rename", "renameat", "renameat2", "umask",
    // Memory; mmap and mprotect are below.
    "brk", "munmap", "mremap", "madvise", "msync", "futex", "futex_time64", "set_robust_list",
    "get_robust_list", "rseq", "membarrier",
    // Time and what a process may know of itself.
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep", "nanosleep",
    "gettimeofday", "time", "times", "getrusage", "getrandom", "getpid", "getppid", "gettid",
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getrlimit",
    "ugetrlimit", "sysinfo", "uname", "sched_yield", "sched_getaffinity", "getcpu",
    // Signals to itself, and the end. rt_sigqueueinfo could reach other processes.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend",
    "rt_sigtimedwait", "sigaltstack", "restart_syscall", "exit", "exit_group",
#ifdef __SANITIZE_ADDRESS__
    // The sanitizers' runtime names its maps, looks for its own program file and probes
    // memory through pipes.
    "prctl", "readlink", "readlinkat", "pipe", "pipe2",
#endif
});

constexpr auto deadly = std::to_array<const char *>({
    "execve", "execveat", "fork", "vfork", "clone", "clone3", "socket", "socketpair", "socketcall",
    "connect", "bind", "listen", "accept", "accept4", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "pidfd_open", "pidfd_getfd", "pidfd_send_signal",
    "kcmp", "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns", "swapon",
    "swapoff", "open_by_handle_at", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key", "init_module",
    "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "iopl", "ioperm",
});
// clang-format on

/// Libseccomp's context and the first error of the rules added to it.
class Filter {
  public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release) {
        if (!context_)
            error_ = -ENOMEM;
        else
            error_ =
                seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    }

    void add(std::uint32_t action, const char *name, std::span<const scmp_arg_cmp> arguments = {}) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number < 0 || error_ != 0)
            return; // no such call on this architecture
        error_ = seccomp_rule_add_array(context_.get(), action, number,
                                        static_cast<unsigned>(arguments.size()), arguments.data());
    }
    void allow(const char *name) { add(SCMP_ACT_ALLOW, name); }
    /// Allows it when the masked argument has this value.
    void allow(const char *name, unsigned argument, std::uint64_t mask, std::uint64_t value) {
        const std::array<scmp_arg_cmp, 1> test = {{{argument, SCMP_CMP_MASKED_EQ, mask, value}}};
        add(SCMP_ACT_ALLOW, name, test);
    }
    int load() { return error_ != 0 ? error_ : seccomp_load(context_.get()); }

  private:
    std::unique_ptr<void, decltype(&seccomp_release)> context_;
    int error_ = 0;
};

/// An int argument: the register's upper half may hold anything.
constexpr std::uint64_t whole_int = 0xFFFFFFFFU;
constexpr std::uint64_t whole_pointer = ~std::uint64_t{0};

void allow_opening(Filter &filter, const char *name, unsigned flags) {
    // Landlock before ABI 3 (Linux 6.2) lets O_RDONLY | O_TRUNC empty any file of the user's.
    filter.allow(name, flags, O_TRUNC, 0);
    filter.allow(name, flags, O_TRUNC | O_ACCMODE, O_TRUNC | O_WRONLY);
    filter.allow(name, flags, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDWR);
}

/// Calls that are harmless with some arguments only.
void allow_arguments(Filter &filter) {
    allow_opening(filter, "open", 1);
    allow_opening(filter, "openat", 2);
    filter.allow("creat");

    // Nothing becomes code any more: what is loaded lazily was loaded by prepare_for_cage().
    for (const char *name : {"mmap", "mmap2", "mprotect"})
        filter.allow(name, 2, PROT_EXEC, 0);

    // Libclamav makes its own directories writable to remove them. Landlock does not guard modes,
    // so an intruder must at least be unable to open the user's files to others.
    constexpr std::uint64_t not_owner = 07777U & ~0700U;
    filter.allow("chmod", 1, not_owner, 0);
    filter.allow("fchmod", 1, not_owner, 0);
    filter.allow("fchmodat", 2, not_owner, 0);
    filter.allow("fchmodat2", 2, not_owner, 0);

    // Not F_SETOWN, which sends signals, nor locks on the user's files.
    for (const int command :
         {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS})
        for (const char *name : {"fcntl", "fcntl64"})
            filter.allow(name, 1, whole_int, static_cast<std::uint64_t>(command));

    // abort() and raise(): to this process only.
    filter.allow("tgkill", 0, whole_int, static_cast<std::uint64_t>(getpid()));
    // send(), without an address.
    filter.allow("send");
    filter.allow("recv");
    filter.allow("sendto", 4, whole_pointer, 0);
    // Reading our own limits.
    const std::array<scmp_arg_cmp, 2> own_limits = {
        {{0, SCMP_CMP_MASKED_EQ, whole_int, 0}, {2, SCMP_CMP_EQ, 0, 0}}};
    filter.add(SCMP_ACT_ALLOW, "prlimit64", own_limits);
}

} // namespace

Result<void> load_seccomp() {
    Filter filter;
    for (const char *name : Names(allowed))
        filter.allow(name);
    for (const char *name : Names(deadly))
        filter.add(SCMP_ACT_KILL_PROCESS, name);
    allow_arguments(filter);
    if (const int error = filter.load(); error != 0)
        return fail_errno("seccomp", -error);
    return {};
}

} // namespace hostav
