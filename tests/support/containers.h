// SPDX-License-Identifier: GPL-2.0-only
//
// Containers as files for the tests of lib/engine/container*: made by make-containers and by the
// real programs, and read back in full, containers inside containers included.
#pragma once

#include "base/fd.h"
#include "engine/container.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <vector>

namespace containers {

namespace fs = std::filesystem;
using hostav::Container;
using hostav::MemberEnd;

class Scratch {
  public:
    Scratch() : path_((fs::temp_directory_path() / "hostav-containers.XXXXXX").string()) {
        if (::mkdtemp(path_.data()) == nullptr)
            std::abort();
    }
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    ~Scratch() { fs::remove_all(path_); }
    [[nodiscard]] std::string operator/(const std::string &name) const {
        return path_ + "/" + name;
    }
    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    std::string path_;
};

inline void write_file(const std::string &path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
}
inline std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
inline std::string read_fd(int fd) {
    std::string content;
    std::array<char, 65536> block{};
    for (off_t at = 0;; at = static_cast<off_t>(content.size())) {
        const auto got = ::pread(fd, block.data(), block.size(), at);
        if (got <= 0)
            return content;
        content.append(block.data(), static_cast<std::size_t>(got));
    }
}
/// A file in memory, which works in a chroot as well.
inline hostav::Fd memory_file(std::string_view content = {}) {
    hostav::Fd fd(::memfd_create("test", MFD_CLOEXEC));
    if (!fd || ::pwrite(fd.get(), content.data(), content.size(), 0) !=
                   static_cast<ssize_t>(content.size()))
        std::abort();
    return fd;
}

/// Standard output of a shell command; nothing when it fails.
inline std::optional<std::string> shell(const std::string &command) {
    std::FILE *pipe = ::popen(command.c_str(), "r"); // NOLINT(cert-env33-c)
    if (pipe == nullptr)
        return std::nullopt;
    std::string output;
    std::array<char, 65536> block{};
    while (const auto got = std::fread(block.data(), 1, block.size(), pipe))
        output.append(block.data(), got);
    return ::pclose(pipe) == 0 ? std::optional(output) : std::nullopt;
}
/// Says on stderr that a test cannot run for want of a program.
inline bool have(const std::string &program) {
    if (shell("command -v " + program + " 2>&1"))
        return true;
    std::cerr << "SKIP: " << program << " is not installed\n";
    return false;
}

/// 40,000 bytes, half of which no compression makes smaller.
inline std::string payload() {
    std::string bytes;
    std::uint32_t state = 1;
    for (int i = 0; i < 20000; ++i) {
        state = state * 1664525U + 1013904223U;
        bytes += static_cast<char>(state >> 24U);
        bytes += static_cast<char>('a' + i / 1000);
    }
    return bytes;
}

struct Fixture {
    std::string kind; ///< `tar.zst`, `zstd.deb` … as make-containers names them
    std::string path;
};

/// What make-containers makes of `payload()`, made once. What it cannot make it says on stderr.
inline const std::vector<Fixture> &fixtures() {
    static const Scratch scratch;
    static const std::vector<Fixture> made = [] {
        write_file(scratch / "payload.bin", payload());
        const auto list = shell("tests/support/make-containers '" + scratch / "made" + "' '" +
                                scratch / "payload.bin" + "'");
        std::vector<Fixture> all;
        for (std::size_t from = 0; list && from < list->size();) {
            const auto end = list->find('\n', from);
            const auto path = list->substr(from, end - from);
            all.push_back({fs::path(path).filename().string().substr(3), path});
            from = end + 1;
        }
        return all;
    }();
    return made;
}

inline const char *format_of(int fd) {
    std::array<char, hostav::container_head> head{};
    const auto got = ::pread(fd, head.data(), head.size(), 0);
    return hostav::container_format({head.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
}

/// All that came out of a container and of those inside it.
struct Contents {
    std::vector<std::string> names;   ///< of the outermost one
    std::vector<std::string> members; ///< what is no container itself, byte for byte
    bool trouble = false;             ///< damage, encryption or a limit was reported

    [[nodiscard]] bool holds(const std::string &bytes) const {
        return std::ranges::find(members, bytes) != members.end();
    }
};

inline void read_into(Contents &contents, int fd, std::uint64_t limit, unsigned depth) {
    auto container = Container::open(fd);
    if (!container) {
        contents.trouble = true;
        return;
    }
    for (unsigned count = 0; count < 1000; ++count) {
        const auto member = container->next();
        if (!member)
            break;
        if (depth == 0)
            contents.names.push_back(member->name);
        if (!member->regular)
            continue;
        const auto out = memory_file();
        const auto end = container->extract(out.get(), limit, [](std::uint64_t) { return true; });
        contents.trouble = contents.trouble || end != MemberEnd::complete;
        struct stat status {};
        if (::fstat(out.get(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) > limit)
            std::abort();
        if (depth < 4 && format_of(out.get()) != nullptr)
            read_into(contents, out.get(), limit, depth + 1);
        else
            contents.members.push_back(read_fd(out.get()));
    }
    contents.trouble = contents.trouble || container->damaged();
}

inline Contents read_all(int fd, std::uint64_t limit = 16U << 20) {
    Contents contents;
    read_into(contents, fd, limit, 0);
    return contents;
}
inline Contents read_all(const std::string &path) {
    const hostav::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return read_all(fd.get());
}

} // namespace containers
