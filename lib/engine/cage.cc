// SPDX-License-Identifier: GPL-2.0-only
//
// Puts the walls up in the only order that works: limits and capability bounds while there still is
// the privilege to set them, then chroot, then the user, then the walls that need no privilege,
// the system call filter last.
#include "engine/cage.h"

#include "base/account.h"
#include "base/digest.h"
#include "base/fd.h"
#include "engine/cage_parts.h"

#include <algorithm>
#include <array>
#include <cap-ng.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <grp.h>
#include <iconv.h>
#include <optional>
#include <sched.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <vector>

namespace hostav {
namespace {

constexpr rlim_t open_files = 256;
constexpr uid_t overflow_id = 65534; ///< the kernel's own nobody

/// A small file of /proc, or nothing.
std::optional<std::string> read_small_file(const char *path) {
    const Fd fd(open(path, O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const ssize_t size = fd ? read(fd.get(), buffer.data(), buffer.size()) : -1;
    if (size < 0)
        return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(size));
}

/// Sets both limits, or lowers them no further than they already are.
Result<void> limit(__rlimit_resource resource, rlim_t value, const char *what) {
    rlimit now{};
    if (getrlimit(resource, &now) != 0)
        return fail_errno(what);
    const rlim_t lower = std::min(value, now.rlim_max);
    const rlimit wanted = {.rlim_cur = lower, .rlim_max = lower};
    if (setrlimit(resource, &wanted) != 0)
        return fail_errno(what);
    return {};
}

/// RLIMIT_AS counts everything mapped, the engine shared with the parent included. Without /proc
/// there is no telling how much that is, and no limit.
Result<void> limit_memory(std::uint64_t extra) {
#ifdef __SANITIZE_ADDRESS__
    static_cast<void>(extra); // the sanitizer's shadow alone is terabytes
    return {};
#else
    if (extra == 0)
        return {};
    const auto text = read_small_file("/proc/self/statm");
    if (!text)
        return {};
    std::uint64_t pages = 0;
    std::istringstream(*text) >> pages;
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return limit(RLIMIT_AS, pages * page + extra, "RLIMIT_AS");
#endif
}

Result<void> set_limits(const CageOptions &options) {
    if (auto done = limit(RLIMIT_CORE, 0, "RLIMIT_CORE"); !done)
        return done;
    if (auto done = limit(RLIMIT_NPROC, 0, "RLIMIT_NPROC"); !done)
        return done;
    if (auto done = limit(RLIMIT_NOFILE, open_files, "RLIMIT_NOFILE"); !done)
        return done;
    if (auto done = limit_memory(options.extra_memory); !done)
        return done;
    if (options.file_size == 0)
        return {};
    // A write beyond the limit shall fail with EFBIG, which libclamav reports, and not kill.
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) // NOLINT(performance-no-int-to-ptr)
        return fail_errno("SIGXFSZ");
    return limit(RLIMIT_FSIZE, options.file_size, "RLIMIT_FSIZE");
}

/// The last part of a path, which is where it is once its parent has become `/`.
std::string in_root(const std::string &path) {
    return path.substr(path.rfind('/'));
}

/// Chroot to the root directory, which is the working directory unless another is given; in a user
/// namespace of its own where chroot(2) is not ours to call.
void change_root(const CageOptions &options, CageState &state, bool own_namespace) {
    if (options.root_dir >= 0 && fchdir(options.root_dir) != 0)
        return;
    state.chrooted = own_namespace ? chroot_in_user_namespace() : chroot(".") == 0;
    if (options.root_dir >= 0 && fchdir(options.temp_dir) != 0)
        state.chrooted = false;
    if (!state.chrooted)
        return;
    state.temp_path = options.root_dir < 0 ? "/" : in_root(options.temp_path);
    if (options.root_dir >= 0)
        state.read_path = in_root(options.read_path);
}

/// Chroot where allowed (a container's root may lack the capability; Landlock is left then), and
/// the user in any case: hostile data is never parsed as root.
Result<void> change_user(const CageOptions &options, CageState &state) {
    // Before the user changes; without CAP_SETPCAP it fails, which no_new_privs makes up for.
    std::ignore = capng_get_caps_process();
    capng_clear(CAPNG_SELECT_BOUNDS);
    std::ignore = capng_apply(CAPNG_SELECT_BOUNDS);
    change_root(options, state, false);
    // In a user namespace that maps root alone nobody else can be become (see cage_account), and
    // groups cannot be dropped.
    if (setgroups(0, nullptr) != 0 && options.uid != getuid())
        return fail_errno("setgroups");
    if (setresgid(options.gid, options.gid, options.gid) != 0)
        return fail_errno("setresgid");
    if (setresuid(options.uid, options.uid, options.uid) != 0)
        return fail_errno("setresuid");
    return {};
}

Result<void> drop_capabilities() {
    capng_clear(CAPNG_SELECT_CAPS);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return fail("capabilities", "cannot be dropped");
    return {};
}

/// The signal that the caller asked for upon its parent's death is forgotten by the kernel when the
/// user changes, and a parent that died in between has sent none.
Result<void> restore_death_signal(int death_signal, pid_t parent) {
    if (death_signal == 0)
        return {};
    if (prctl(PR_SET_PDEATHSIG, death_signal) != 0)
        return fail_errno("PR_SET_PDEATHSIG");
    if (getppid() != parent)
        return fail("worker", "its parent has died");
    return {};
}

/// Whether the process's user namespace has this id at all; `map` is its uid_map or gid_map.
bool is_mapped(const char *map, std::uint64_t id) {
    const auto text = read_small_file(map);
    if (!text)
        return true;
    std::istringstream lines(*text);
    std::uint64_t inside = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    while (lines >> inside >> outside >> count)
        if (id >= inside && id - inside < count)
            return true;
    return false;
}

} // namespace

const std::vector<const char *> &engine_encodings() {
    // Code pages of OLE2 and EGG, what a byte order mark tells of HTML, and at the end what else
    // Office and browsers know as the encoding of XML, which libxml2 has converted. Names that
    // glibc needs no module for are left out. All of glibc's 250 modules would take 10 ms.
    static const std::vector<const char *> names = {
        "UTF-16LE",     "UTF-32LE",     "UTF-7",
        "IBM037",       "IBM437",       "IBM500",
        "ASMO-708",     "IBM775",       "IBM850",
        "IBM852",       "IBM855",       "IBM857",
        "IBM860",       "IBM861",       "IBM863",
        "IBM864",       "IBM865",       "CP866",
        "IBM869",       "IBM870",       "WINDOWS-874",
        "CP875",        "SHIFT_JIS",    "GB2312",
        "CP949",        "BIG5",         "IBM1026",
        "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252",
        "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255",
        "WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258",
        "JOHAB",        "MACINTOSH",    "IBM273",
        "IBM277",       "IBM278",       "IBM280",
        "IBM284",       "IBM285",       "IBM290",
        "IBM297",       "IBM420",       "IBM423",
        "IBM424",       "KOI8-R",       "IBM871",
        "IBM880",       "IBM905",       "EUC-JP",
        "CP1025",       "KOI8-U",       "ISO-8859-1",
        "ISO-8859-2",   "ISO-8859-3",   "ISO-8859-4",
        "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",
        "ISO-8859-8",   "ISO-8859-9",   "ISO-8859-13",
        "ISO-8859-15",  "ISO-2022-JP",  "ISO-2022-JP-3",
        "ISO-2022-KR",  "EUC-CN",       "EUC-KR",
        "GB18030",      "GBK",          "CP932",
        "CP737",        "IBM862",       "IBM1047",
        "ISO-8859-10",  "ISO-8859-14",  "ISO-8859-16",
        "TIS-620",      "BIG5-HKSCS",   "EUC-TW",
        "EUC-JP-MS",    "CP10007",      "MAC-CENTRALEUROPE",
    };
    return names;
}

void prepare_for_cage() {
    tzset();
    // Reads openssl.cnf and with it whatever providers the machine is set up to use.
    static_cast<void>(sha256_of(""));
    // A converter is a shared object that glibc loads when it is first asked for and drops some
    // time after the last use: so all stay open. 3 to 4 ms altogether.
    // Never destroyed, but never lost either: leak checkers find them by this pointer.
    static std::vector<iconv_t> *kept = nullptr;
    if (kept != nullptr)
        return;
    kept = new std::vector<iconv_t>;
    for (const char *name : engine_encodings()) {
        const iconv_t converter = iconv_open("UTF-8//TRANSLIT", name);
        if (converter != reinterpret_cast<iconv_t>(-1)) // NOLINT(performance-no-int-to-ptr)
            kept->push_back(converter);
    }
}

bool chroot_in_user_namespace() {
    if (unshare(CLONE_NEWUSER) != 0)
        return false;
    return chroot(".") == 0;
}

Result<CageState> enter_cage(const CageOptions &options) {
    const pid_t parent = getppid();
    int death_signal = 0;
    if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0)
        return fail_errno("PR_GET_PDEATHSIG");
    umask(077);
    if (fchdir(options.temp_dir) != 0)
        return fail_errno(options.temp_path);
    // With TZ unset glibc looks at /etc/localtime anew for every conversion, and takes what it
    // cannot see in the cage for UTC; named explicitly, the zone stays as read.
    setenv("TZ", ":/etc/localtime", 0); // NOLINT(concurrency-mt-unsafe)
    tzset();
    CageState state;
    state.temp_path = options.temp_path;
    state.read_path = options.read_path;
    if (auto done = set_limits(options); !done)
        return std::unexpected(done.error());
    if (options.change_user)
        if (auto done = change_user(options, state); !done)
            return std::unexpected(done.error());
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail_errno("PR_SET_NO_NEW_PRIVS");
    state.landlocked = landlock_beneath(options.temp_dir, options.read_dir);
    if (!state.chrooted && !state.landlocked)
        change_root(options, state, true);
    if (auto done = drop_capabilities(); !done)
        return std::unexpected(done.error());
    // After the last write to /proc/self: other processes of the same user must not trace this one.
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail_errno("PR_SET_DUMPABLE");
    if (auto done = restore_death_signal(death_signal, parent); !done)
        return std::unexpected(done.error());
    if (auto done = load_seccomp(); !done)
        return std::unexpected(done.error());
    return state;
}

Result<void> cage_account(uid_t &uid, gid_t &gid) {
    uid = overflow_id;
    gid = overflow_id;
    for (const char *name : {"hostav", "nobody"}) {
        const auto found = find_account(name);
        if (!found)
            return std::unexpected(found.error());
        if (!*found)
            continue;
        if ((*found)->uid == 0)
            return fail(name, "the account that files are scanned as must not be root's");
        uid = (*found)->uid;
        gid = (*found)->gid;
        break;
    }
    // In a container of root alone there is no other user to become.
    if (!is_mapped("/proc/self/uid_map", uid) || !is_mapped("/proc/self/gid_map", gid)) {
        uid = getuid();
        gid = getgid();
    }
    return {};
}

} // namespace hostav
