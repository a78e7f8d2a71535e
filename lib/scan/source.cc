// SPDX-License-Identifier: GPL-2.0-only
#include "scan/source.h"

#include "base/files.h"
#include "base/text.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <poll.h>

namespace hostav {

namespace {

Result<Fd> open_list(const std::string &path) {
    if (path == "-")
        return Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return fail_errno(escape_path(path));
    return fd;
}

} // namespace

Source::Source(WalkOptions walk, std::optional<PathList> list)
    : list_(std::move(list)), walk_(std::move(walk)) {}

Result<Source> Source::open(const ScanOptions &options,
                            const std::shared_ptr<const Selection> &selection) {
    auto walk = options.walk();
    walk.wants_file = [selection](const std::string &real, const std::string &shown) {
        return selection->wants_file(real, shown);
    };
    // What lies in quarantine has been dealt with.
    std::error_code unresolved;
    const std::string own = options.quarantine
                                ? std::filesystem::canonical(*options.quarantine, unresolved)
                                : std::filesystem::path();
    walk.wants_directory = [selection, own](const std::string &real, const std::string &shown) {
        return (own.empty() || real != own) && selection->wants_directory(real, shown);
    };
    const auto &list = options.file_list ? options.file_list : options.files0_from;
    if (!list) {
        Source source(std::move(walk), std::nullopt);
        source.arguments_.assign(options.paths.begin(), options.paths.end());
        if (source.arguments_.empty()) {
            // As clamscan: the current directory, by its absolute path.
            const std::unique_ptr<char, decltype(&std::free)> here(::getcwd(nullptr, 0), std::free);
            if (!here)
                return fail_errno(".");
            source.arguments_.emplace_back(here.get());
        }
        return source;
    }
    auto fd = open_list(*list);
    if (!fd)
        return std::unexpected(fd.error());
    const char separator = options.file_list ? '\n' : '\0';
    return Source(std::move(walk), PathList(std::move(*fd), separator, escape_path(*list)));
}

Result<void> Source::fill() {
    return list_->fill();
}

Entry Source::copy_of_stdin(Signals &signals) {
    Entry entry;
    entry.path = "stdin";
    entry.kind = EntryKind::cannot_open;
    auto file = unnamed_file(temporary_);
    if (!file) {
        entry.error = errno;
        return entry;
    }
    constexpr std::size_t block = 1 << 16;
    std::array<char, block> buffer{};
    while (signals.pending() == 0 && signals.wait(STDIN_FILENO, POLLIN)) {
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 ||
            !write_all(file->get(), {buffer.data(), static_cast<std::size_t>(got)}, "")) {
            entry.error = errno;
            return entry;
        }
        if (got == 0)
            break;
    }
    ::fstat(file->get(), &entry.st);
    entry.kind = EntryKind::file;
    entry.fd = std::move(*file);
    return entry;
}

Source::State Source::next(Entry &entry, Signals &signals) {
    for (;;) {
        if (walking_) {
            if (auto found = walk_.next()) {
                entry = std::move(*found);
                return State::entry;
            }
            walking_ = false;
        }
        std::optional<std::string> path;
        if (list_) {
            path = list_->next();
            if (!path)
                return list_->finished() ? State::end : State::wait;
        } else if (!arguments_.empty()) {
            path = std::move(arguments_.front());
            arguments_.pop_front();
        } else {
            return State::end;
        }
        if (*path == "-") {
            entry = copy_of_stdin(signals);
            return State::entry;
        }
        walk_.start(*path);
        walking_ = true;
    }
}

} // namespace hostav
