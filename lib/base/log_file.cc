// SPDX-License-Identifier: GPL-2.0-only
//
// Nothing here waits for another writer: O_APPEND lets the kernel place each write(2) at the end,
// and the path is asked before each line whether it still names our file.
#include "base/log_file.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>

namespace hostav {
namespace {

constexpr std::size_t sample_size = std::size_t{8} * 1024; // looked at, at each end of the log

/// Whether a line begins with ctime(3)'s text and ` -> `.
bool starts_with_time(std::string_view line) {
    // a: letter, 9: digit, _: digit or blank; anything else stands for itself.
    constexpr std::string_view shape = "aaa aaa _9 99:99:99 9999 -> ";
    if (line.size() < shape.size())
        return false;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const char c = line[i];
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const char want = shape[i];
        const bool fits = want == 'a'   ? letter
                          : want == '9' ? digit
                          : want == '_' ? digit || c == ' '
                                        : c == want;
        if (!fits)
            return false;
    }
    return true;
}

bool has_timed_line(std::string_view sample) {
    while (!sample.empty()) {
        if (starts_with_time(sample))
            return true;
        const auto end = sample.find('\n');
        if (end == std::string_view::npos)
            return false;
        sample.remove_prefix(end + 1);
    }
    return false;
}

/// Both ends of the log: clamd's lines may be old (the beginning) or new (the end).
bool is_timed_log(int fd, off_t size) {
    std::array<char, sample_size> sample; // NOLINT(*-member-init): pread(2) fills it
    ssize_t got = pread(fd, sample.data(), sample.size(), 0);
    if (got > 0 && has_timed_line({sample.data(), static_cast<std::size_t>(got)}))
        return true;
    const auto from = std::max<off_t>(0, size - static_cast<off_t>(sample.size()));
    if (from == 0)
        return false;
    got = pread(fd, sample.data(), sample.size(), from);
    if (got <= 0)
        return false;
    const std::string_view tail(sample.data(), static_cast<std::size_t>(got));
    const auto line_end = tail.find('\n'); // what stands before it began outside of the sample
    return line_end != std::string_view::npos && has_timed_line(tail.substr(line_end + 1));
}

/// Opens for appending and, where the permissions allow it, for reading (to see whether the log
/// is timed). The type is asked first, because opening a device or a FIFO can itself do something,
/// and again afterwards, because the name may have been given to something else meanwhile.
Result<Fd> open_log(const std::string &path, struct stat &st) {
    const std::string shown = escape_path(path);
    if (lstat(path.c_str(), &st) == 0) {
        if (S_ISLNK(st.st_mode))
            return fail(shown, "a symbolic link is not followed for a log");
        if (!S_ISREG(st.st_mode))
            return fail(shown, "not a regular file");
    }
    constexpr int flags = O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    constexpr mode_t mode = S_IRUSR | S_IWUSR | S_IRGRP;
    Fd fd(open(path.c_str(), flags | O_RDWR, mode));
    if (!fd && errno == EACCES)
        fd.reset(open(path.c_str(), flags | O_WRONLY, mode));
    if (!fd || fstat(fd.get(), &st) != 0)
        return fail_errno(shown);
    if (!S_ISREG(st.st_mode))
        return fail(shown, "not a regular file");
    return fd;
}

/// Writes all of it, in one write(2) unless the kernel takes only a part. `written` tells how far
/// it came.
Result<void> write_whole(int fd, std::string_view data, const std::string &path,
                         std::size_t &written) {
    written = 0;
    while (written < data.size()) {
        const ssize_t put = ::write(fd, data.data() + written, data.size() - written);
        if (put > 0)
            written += static_cast<std::size_t>(put);
        else if (put == 0)
            return fail(escape_path(path), "nothing could be written");
        else if (errno != EINTR)
            return fail_errno(escape_path(path));
    }
    return {};
}

} // namespace

Result<LogFile> LogFile::open(const std::string &path) {
    LogFile log;
    log.path_ = path;
    if (auto opened = log.reopen(); !opened)
        return std::unexpected(opened.error());
    return log;
}

Result<void> LogFile::reopen() {
    struct stat st = {};
    auto opened = open_log(path_, st);
    if (!opened)
        return std::unexpected(opened.error());
    fd_ = std::move(*opened);
    device_ = st.st_dev;
    inode_ = st.st_ino;
    torn_ = false;
    // Never back to untimed: the empty file that logrotate made goes on where the old one ended.
    timed_ = timed_ || is_timed_log(fd_.get(), st.st_size);
    return {};
}

bool LogFile::is_moved_away() const {
    struct stat st = {};
    if (lstat(path_.c_str(), &st) != 0)
        return errno == ENOENT; // anything else says nothing about our file
    return st.st_dev != device_ || st.st_ino != inode_;
}

Result<void> LogFile::write(std::string_view line) {
    Result<void> reopened;
    if (is_moved_away())
        reopened = reopen();
    std::string text;
    if (torn_)
        text += '\n'; // a line that was cut off by a full disk must not run into this one
    if (timed_ && !line.empty())
        text += log_time(std::time(nullptr)) + " -> ";
    text += line;
    text += '\n';
    std::size_t written = 0;
    auto result = write_whole(fd_.get(), text, path_, written);
    if (written > 0)
        torn_ = text[written - 1] != '\n';
    if (!result)
        return result;
    // The line is kept in the old file, but where it should be it is not.
    return reopened;
}

std::string log_time(std::time_t when) {
    // ctime_r knows no locale, which strftime's %a and %b do.
    std::array<char, 64> text{};
    if (ctime_r(&when, text.data()) == nullptr)
        return "(time unknown)";
    std::string time(text.data());
    if (time.ends_with('\n'))
        time.pop_back();
    return time;
}

} // namespace hostav
