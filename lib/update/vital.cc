// SPDX-License-Identifier: GPL-2.0-only
#include "update/vital.h"

#include "base/account.h"
#include "base/directory_reader.h"
#include "base/files.h"
#include "base/text.h"

#include <array>
#include <climits>
#include <fcntl.h>
#include <glob.h>
#include <memory>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

/// Without these nobody can log in, repair the machine or run anything. Patterns of glob(7), for
/// Debian, Ubuntu, Fedora and Amazon Linux alike.
constexpr std::array vital_patterns{
    // shells
    "/bin/sh",
    "/bin/bash",
    "/bin/dash",
    "/bin/zsh",
    // coreutils and what every script calls
    "/bin/ls",
    "/bin/cat",
    "/bin/cp",
    "/bin/mv",
    "/bin/rm",
    "/bin/ln",
    "/bin/chmod",
    "/bin/chown",
    "/bin/mkdir",
    "/bin/date",
    "/bin/df",
    "/bin/echo",
    "/bin/true",
    "/usr/bin/env",
    "/usr/bin/id",
    "/usr/bin/head",
    "/usr/bin/tail",
    "/usr/bin/sort",
    "/bin/grep",
    "/bin/sed",
    "/usr/bin/awk",
    "/bin/tar",
    "/bin/gzip",
    "/bin/mount",
    "/bin/umount",
    "/bin/ps",
    "/bin/kill",
    "/usr/bin/find",
    "/usr/bin/python3",
    "/usr/bin/perl",
    "/usr/bin/curl",
    // the C library, the dynamic loader, what nearly all programs link
    "/lib*/libc.so.6",
    "/lib/*-linux-gnu*/libc.so.6",
    "/lib*/ld-linux*.so.*",
    "/lib/*-linux-gnu*/ld-linux*.so.*",
    "/lib/ld-musl-*.so.1",
    "/lib*/libm.so.6",
    "/lib/*-linux-gnu*/libm.so.6",
    "/lib*/libpam.so.0",
    "/lib/*-linux-gnu*/libpam.so.0",
    "/usr/lib*/libcrypto.so.*",
    "/usr/lib/*-linux-gnu*/libcrypto.so.*",
    "/usr/lib*/libstdc++.so.6",
    "/usr/lib/*-linux-gnu*/libstdc++.so.6",
    // init, login, network
    "/sbin/init",
    "/lib/systemd/systemd*",
    "/lib/systemd/libsystemd-shared*",
    "/sbin/agetty",
    "/bin/login",
    "/bin/su",
    "/usr/bin/sudo",
    "/sbin/ip",
    "/usr/sbin/cron",
    "/usr/sbin/crond",
    // ssh
    "/usr/sbin/sshd",
    "/usr/lib/openssh/sshd-session",
    "/usr/libexec/openssh/sshd-session",
    "/usr/bin/ssh",
    // packages
    "/usr/bin/dpkg",
    "/usr/bin/dpkg-deb",
    "/usr/bin/apt*",
    "/usr/bin/rpm",
    "/usr/bin/dnf*",
    "/usr/bin/yum",
    // clamav and hostav
    "/usr/lib*/libclamav.so.*",
    "/usr/lib/*-linux-gnu*/libclamav.so.*",
    "/usr/sbin/clamd",
    "/usr/bin/clamscan",
};

constexpr std::array our_programs{"scan", "onaccess-watch", "sigupdate", "logship", "metric-push"};

struct Sample {
    const char *name;
    std::string_view bytes;
};

using namespace std::string_view_literals;
// A stored member `a.txt` with the text `hello\n`, the smallest whole zip file of that.
constexpr std::string_view zip_sample =
    "PK\3\4\12\0\0\0\0\0\0\0\41\0\x20\x30\x3a\x36\6\0\0\0\6\0\0\0\5\0\0\0a.txthello\n"
    "PK\1\2\36\3\12\0\0\0\0\0\0\0\41\0\x20\x30\x3a\x36\6\0\0\0\6\0\0\0\5\0\0\0\0\0\0\0\1\0\0\0"
    "\xa4\x81\0\0\0\0a.txtPK\5\6\0\0\0\0\1\0\1\0\63\0\0\0\51\0\0\0\0\0"sv;
constexpr std::string_view gzip_sample =
    "\x1f\x8b\x08\0\0\0\0\0\0\3\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0"sv;
constexpr std::string_view pdf_sample =
    "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n"
    "<</Type/Pages/Kids[]/Count 0>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n"sv;
constexpr std::string_view html_sample =
    "<!DOCTYPE html>\n<html><head><title>hello</title></head><body><p>hello</p></body></html>\n"sv;
constexpr std::string_view mail_sample =
    "From: a@example.org\nTo: b@example.org\nSubject: hello\nDate: Thu, 1 Jan 1970 00:00:00 +0000\n"
    "MIME-Version: 1.0\nContent-Type: text/plain\n\nhello\n"sv;
constexpr std::string_view gif_sample =
    "GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff\x21\xf9\4\1\0\0\0\0\x2c\0\0\0\0\1\0\1\0\0\2\1\x44"
    "\0\x3b"sv;
constexpr std::string_view script_sample = "#!/bin/sh\nset -eu\necho hello\n"sv;

constexpr std::array samples{
    Sample{"a harmless zip file", zip_sample},        Sample{"a harmless gzip file", gzip_sample},
    Sample{"a harmless PDF file", pdf_sample},        Sample{"a harmless HTML page", html_sample},
    Sample{"a harmless mail", mail_sample},           Sample{"a harmless GIF image", gif_sample},
    Sample{"a harmless shell script", script_sample}, Sample{"a line of text", "hello\n"sv},
};

Result<Fd> in_memory(std::string_view bytes) {
    auto fd = unnamed_file("/tmp");
    if (!fd)
        return fd;
    if (auto wrote = write_all(fd->get(), bytes, "/tmp"); !wrote)
        return std::unexpected(wrote.error());
    return fd;
}

/// Root may open what DatabaseOwner may not, such as a sudo of mode 4711. Never blocks.
Fd open_regular(const std::string &path, int more_flags) {
    const AsRoot root;
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | more_flags));
    struct stat st = {};
    if (fd && (::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)))
        fd.reset();
    return fd;
}

class Giver {
  public:
    explicit Giver(const std::function<bool(VitalFile)> &next) : next_(next) {}

    /// By its real path, and once: half of /bin are links.
    void path(const std::string &path, int flags = 0) {
        if (!going_)
            return;
        const std::unique_ptr<char, void (*)(void *)> real(::realpath(path.c_str(), nullptr),
                                                           std::free);
        if (!real || !given_.insert(real.get()).second)
            return;
        going_ = next_({path, open_regular(path, flags)});
    }
    void sample(const Sample &sample) {
        if (!going_)
            return;
        if (auto fd = in_memory(sample.bytes))
            going_ = next_({sample.name, std::move(*fd)});
    }

  private:
    const std::function<bool(VitalFile)> &next_;
    std::set<std::string> given_;
    bool going_ = true;
};

void give_pattern(Giver &giver, const char *pattern) {
    glob_t found = {};
    if (::glob(pattern, GLOB_NOSORT, nullptr, &found) == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i)
            giver.path(found.gl_pathv[i]);
    ::globfree(&found);
}

/// hostav's programs stand in one directory: ours.
void give_our_programs(Giver &giver) {
    std::array<char, PATH_MAX> self{};
    const auto size = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
    if (size <= 0)
        return;
    const std::string path(self.data(), static_cast<std::size_t>(size));
    const auto directory = path.substr(0, path.rfind('/') + 1);
    for (const char *name : our_programs)
        giver.path(directory + name);
}

void give_directory(Giver &giver, const std::string &directory) {
    const AsRoot root;
    const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return;
    DirectoryReader reader(fd.get());
    while (const auto entry = reader.next())
        giver.path(directory + "/" + entry->name, O_NOFOLLOW);
}

} // namespace

void for_each_vital_file(const UpdateConfig &config,
                         const std::function<bool(VitalFile file)> &next) {
    Giver giver(next);
    for (const auto &sample : samples)
        giver.sample(sample);
    for (const char *pattern : vital_patterns)
        give_pattern(giver, pattern);
    give_our_programs(giver);
    for (const auto &path : config.vital_files)
        giver.path(path);
    for (const auto &directory : config.vital_directories)
        give_directory(giver, directory);
}

Result<Fd> eicar_file() {
    // In two parts, so that this program is no EICAR file (eicar.org).
    return in_memory(std::string("X5O!P%@AP[4\\PZX54(P^)7CC)7}$") +
                     "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*");
}

} // namespace hostav
