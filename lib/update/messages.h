// SPDX-License-Identifier: GPL-2.0-only
//
// Where the lines of a run go, in freshclam's formats: stdout or stderr (`WARNING: ` and `ERROR: `
// before the time there), UpdateLogFile (after the time there), syslog. The library decides what to
// say; this decides where and how.
#pragma once

#include "base/error.h"
#include "update/config.h"

#include <memory>
#include <string_view>

namespace hostav {

enum class Severity { debug, verbose, info, warning, error };

struct MessageOptions {
    bool quiet = false; ///< errors only on the terminal
    bool verbose = false;
    bool debug = false;
    bool no_warnings = false;
    bool to_stdout = false;   ///< --stdout: everything to stdout
    bool no_terminal = false; ///< a resident in the background
};

class Messages {
  public:
    /// Opens the log (0640, owned by whom we act as; a fcntl write lock on it keeps a freshclam
    /// with the same UpdateLogFile out, as freshclam's own lock would keep us out: then an error)
    /// and syslog.
    static Result<Messages> open(const UpdateConfig &config, const MessageOptions &options);
    Messages(Messages &&) noexcept;
    Messages &operator=(Messages &&) = delete;
    Messages(const Messages &) = delete;
    Messages &operator=(const Messages &) = delete;
    ~Messages();

    /// One line; control characters are escaped here.
    void say(Severity severity, std::string_view line);
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
