// SPDX-License-Identifier: GPL-2.0-only
#include "base/messages.h"

#include "base/fd.h"
#include "base/files.h"
#include "base/log_file.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
#include <utility>

namespace hostav {

namespace {

struct Facility {
    const char *name;
    int number;
};
constexpr std::array facilities{
    Facility{"LOG_AUTH", LOG_AUTH},     Facility{"LOG_AUTHPRIV", LOG_AUTHPRIV},
    Facility{"LOG_CRON", LOG_CRON},     Facility{"LOG_DAEMON", LOG_DAEMON},
    Facility{"LOG_FTP", LOG_FTP},       Facility{"LOG_LOCAL0", LOG_LOCAL0},
    Facility{"LOG_LOCAL1", LOG_LOCAL1}, Facility{"LOG_LOCAL2", LOG_LOCAL2},
    Facility{"LOG_LOCAL3", LOG_LOCAL3}, Facility{"LOG_LOCAL4", LOG_LOCAL4},
    Facility{"LOG_LOCAL5", LOG_LOCAL5}, Facility{"LOG_LOCAL6", LOG_LOCAL6},
    Facility{"LOG_LOCAL7", LOG_LOCAL7}, Facility{"LOG_LPR", LOG_LPR},
    Facility{"LOG_MAIL", LOG_MAIL},     Facility{"LOG_NEWS", LOG_NEWS},
    Facility{"LOG_USER", LOG_USER},     Facility{"LOG_UUCP", LOG_UUCP}};

const char *prefix(Severity severity) {
    if (severity == Severity::error)
        return "ERROR: ";
    return severity == Severity::warning ? "WARNING: " : "";
}

int priority(Severity severity) {
    switch (severity) {
    case Severity::error:
        return LOG_ERR;
    case Severity::warning:
        return LOG_WARNING;
    case Severity::info:
        return LOG_INFO;
    default:
        return LOG_DEBUG;
    }
}

/// Opened anew for each line, so that it may be moved away at any time. A second
/// descriptor holds the lock by which freshclam and clamd keep a second one of them out.
class LockedLog {
  public:
    static Result<LockedLog> open(const LogOptions &options) {
        const auto &path = *options.file;
        auto file = LogFile::open(path);
        if (!file)
            return std::unexpected(file.error());
        Fd held(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
        struct flock lock = {};
        lock.l_type = F_WRLCK;
        if (options.lock && held && ::fcntl(held.get(), F_SETLK, &lock) != 0 &&
            (errno == EACCES || errno == EAGAIN))
            return fail(escape_path(path), "is locked by another process");
        return LockedLog(options, std::move(*file), std::move(held));
    }

    void write(const std::string &line) {
        rotate();
        // Whoever cannot write a log has nobody to tell but the terminal, which has the line
        // already.
        best_effort(file_.write(line));
        keep_locked();
    }
    [[nodiscard]] bool timed() const { return file_.timed(); }

  private:
    LockedLog(const LogOptions &options, LogFile file, Fd held)
        : path_(*options.file), most_(options.max_size), lock_(options.lock),
          file_(std::move(file)), held_(std::move(held)) {}
    std::string path_;
    std::uint64_t most_;
    bool lock_;
    LogFile file_;
    Fd held_;

    /// `NAME-20261124_103000.log`, NAME without its last four characters, as ClamAV names them.
    void rotate() {
        struct stat st = {};
        if (most_ == 0 || ::stat(path_.c_str(), &st) != 0 ||
            static_cast<std::uint64_t>(st.st_size) <= most_)
            return;
        const auto now = std::time(nullptr);
        std::tm local{};
        ::localtime_r(&now, &local);
        std::array<char, 32> stamp{};
        std::strftime(stamp.data(), stamp.size(), "-%Y%m%d_%H%M%S.log", &local);
        constexpr std::size_t suffix = 4;
        const auto kept = path_.substr(0, path_.size() - std::min(path_.size(), suffix));
        // Never over an earlier one of the same second. The next line makes the new file: LogFile
        // opens it by itself.
        const auto moved = kept + stamp.data();
        if (::lstat(moved.c_str(), &st) != 0 && errno == ENOENT)
            static_cast<void>(::rename(path_.c_str(), moved.c_str()));
    }

    /// The lock is a file's, not a path's: a file that takes the old one's place gets it anew.
    void keep_locked() {
        struct stat now = {};
        struct stat then = {};
        if (!lock_ || ::stat(path_.c_str(), &now) != 0 ||
            (held_ && ::fstat(held_.get(), &then) == 0 && now.st_dev == then.st_dev &&
             now.st_ino == then.st_ino))
            return;
        held_.reset(::open(path_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
        struct flock lock = {};
        lock.l_type = F_WRLCK;
        if (held_)
            static_cast<void>(::fcntl(held_.get(), F_SETLK, &lock));
    }
};

} // namespace

struct Messages::Impl {
    MessageOptions options;
    bool time = false, syslog = false, log_verbose = false;
    std::string ident; ///< openlog(3) keeps the pointer
    std::optional<LockedLog> log;
    void (*before)(void *) = nullptr;
    void *context = nullptr;

    void terminal(Severity severity, const std::string &line) const {
        const bool bad = severity == Severity::error || severity == Severity::warning;
        if (options.no_terminal || (options.quiet && severity != Severity::error) ||
            (severity == Severity::verbose && !options.verbose && !options.debug) ||
            (severity == Severity::debug && !options.debug))
            return;
        if (before != nullptr)
            before(context);
        const auto program = options.name == nullptr ? "" : std::string(options.name) + ": ";
        auto text = program + prefix(severity) +
                    (time ? log_time(std::time(nullptr)) + " -> " : std::string()) + line + "\n";
        best_effort(
            write_all(options.to_stderr || (bad && !options.to_stdout) ? STDERR_FILENO
                                                                       : STDOUT_FILENO,
                      text, "terminal"));
    }
    void to_log(Severity severity, const std::string &line) {
        const bool extra = severity == Severity::verbose || severity == Severity::debug;
        if (extra && !log_verbose && !options.verbose && !options.debug)
            return;
        if (syslog)
            ::syslog(priority(severity), "%s", line.c_str());
        if (log) {
            const auto text = prefix(severity) + line;
            // A log that has times already gets them from LogFile.
            log->write(time && !log->timed() ? log_time(std::time(nullptr)) + " -> " + text : text);
        }
    }
};

Messages::Messages(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Messages::Messages(Messages &&) noexcept = default;
Messages::~Messages() = default;

bool is_log_facility(std::string_view name) {
    return std::ranges::any_of(facilities,
                               [name](const Facility &known) { return name == known.name; });
}

Result<Messages> Messages::open(const LogOptions &log, const MessageOptions &options) {
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    impl->time = log.time;
    impl->log_verbose = log.verbose;
    if (log.file && *log.file != "/dev/null") {
        auto opened = LockedLog::open(log);
        if (!opened)
            return std::unexpected(opened.error());
        impl->log = std::move(*opened);
        if (log.head != nullptr)
            impl->log->write(log.head);
    }
    if (log.syslog) {
        const auto *const facility = std::ranges::find_if(
            facilities, [&log](const Facility &known) { return log.facility == known.name; });
        if (facility == facilities.end())
            return fail("LogFacility " + escape_path(log.facility), "there is no such one");
        impl->ident = log.ident;
        ::openlog(impl->ident.c_str(), LOG_PID, facility->number);
        impl->syslog = true;
    }
    return Messages(std::move(impl));
}

void Messages::say(Severity severity, std::string_view line) {
    if (severity == Severity::warning && impl_->options.no_warnings)
        return;
    // Paths in it are escaped already: only what would break the line or the terminal is left.
    std::string safe;
    for (const char c : to_utf8(line))
        if (c != '\n' && c != '\r' && (static_cast<unsigned char>(c) >= ' ' || c == '\t'))
            safe += c;
    impl_->terminal(severity, safe);
    impl_->to_log(severity, safe);
}

void Messages::log_only(Severity severity, std::string_view line) {
    const auto shown = std::exchange(impl_->options.no_terminal, true);
    say(severity, line);
    impl_->options.no_terminal = shown;
}

void Messages::relay(std::string_view line) {
    constexpr std::array prefixes{std::pair("ERROR: ", Severity::error),
                                  std::pair("WARNING: ", Severity::warning)};
    for (const auto &[text, severity] : prefixes)
        if (line.starts_with(text))
            return say(severity, line.substr(std::string_view(text).size()));
    say(Severity::info, line);
}

void Messages::set_terminal_guard(void (*before)(void *), void *context) {
    impl_->before = before;
    impl_->context = context;
}

} // namespace hostav
