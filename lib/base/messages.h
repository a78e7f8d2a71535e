// SPDX-License-Identifier: GPL-2.0-only
//
// Where the lines of a run go, in the formats of freshclam and clamd: stdout or stderr (`WARNING: `
// and `ERROR: ` before the time there), a log file (after the time there), syslog. The library
// decides what to say; this decides where and how.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hostav {

enum class Severity { debug, verbose, info, warning, error };

/// The logging options of freshclam.conf and clamd.conf.
struct LogOptions {
    std::optional<std::string> file;  ///< `/dev/null`: none
    std::uint64_t max_size = 1 << 20; ///< bytes before the file is renamed; 0: never
    bool lock = true;                 ///< a write lock (fcntl) keeps a second process out
    bool time = false;                ///< `TIME -> ` before each line
    bool verbose = false;
    bool syslog = false;
    std::string facility = "LOG_LOCAL6";
    std::string ident;          ///< for syslog; must be a tool's name
    const char *head = nullptr; ///< a first line for the file
};

/// `LOG_LOCAL6` and the others of syslog(3).
[[nodiscard]] bool is_log_facility(std::string_view name);

struct MessageOptions {
    bool quiet = false; ///< errors only on the terminal
    bool verbose = false;
    bool debug = false;
    bool no_warnings = false;
    bool to_stdout = false;   ///< --stdout: everything to stdout
    bool no_terminal = false; ///< a resident in the background
    bool to_stderr = false;   ///< everything to stderr: stdout is for data
    const char *name = nullptr; ///< of the tool, before each terminal line: `logship: `
};

class Messages {
  public:
    /// Opens the log (0640, owned by whom we act as; the lock keeps a freshclam or clamd with the
    /// same file out, as theirs would keep us out: then an error) and syslog.
    static Result<Messages> open(const LogOptions &log, const MessageOptions &options);
    Messages(Messages &&) noexcept;
    Messages &operator=(Messages &&) = delete;
    Messages(const Messages &) = delete;
    Messages &operator=(const Messages &) = delete;
    ~Messages();

    /// One line; control characters are escaped here.
    void say(Severity severity, std::string_view line);
    /// As say(), but not to the terminal, where the tool prints it in its own way.
    void log_only(Severity severity, std::string_view line);
    void info(std::string_view line) { say(Severity::info, line); }
    void warning(std::string_view line) { say(Severity::warning, line); }
    void error(std::string_view line) { say(Severity::error, line); }
    void verbose(std::string_view line) { say(Severity::verbose, line); }
    /// One line as libfreshclam prints it, `ERROR: ` or `WARNING: ` first.
    void relay(std::string_view line);

    /// Called before and after a terminal line, so that a progress bar can step aside.
    void set_terminal_guard(void (*before)(void *), void *context);

  private:
    struct Impl;
    explicit Messages(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hostav
