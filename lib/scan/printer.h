// SPDX-License-Identifier: GPL-2.0-only
//
// The lines of a scan: what clamscan prints for each file, on the stream and under the options
// it prints it, into the log as well; `-0` and JSON forms. Lines are collected and written
// whole; flush() never leaves half a line and never holds a ready one back.
//
// --quiet silences stdout and stderr, the log has every line all the same; -i and -o hide a line
// from the log too (both as clamscan does). With -0 and with JSON the summary goes to stderr, so
// that stdout holds records only. With -0 only the file's path is raw: signature and member names
// come from workers that read hostile data, and stay escaped.
//
// JSON verdicts: `clean`, `infected`, `error` (whatever makes the exit status 2), `skipped`.
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "base/log_file.h"
#include "base/walk.h"
#include "engine/verdict.h"
#include "store/actions.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostav {

struct PrintOptions {
    bool infected_only = false; ///< -i
    bool suppress_ok = false;   ///< -o
    bool quiet = false;         ///< only ERROR: lines
    bool verbose = false;       ///< `Scanning PATH` lines
    bool to_stdout = false;     ///< --stdout: warnings and errors too
    bool nul = false;           ///< -0: names raw, lines end in NUL
    bool json = false;          ///< one object a file, nothing else, on stdout
    bool bell = false;
    bool archive_verbose = false; ///< -a
};

/// What the JSON object of a file says beyond its report.
struct FileFacts {
    std::string path; ///< raw bytes, as shown
    std::uint64_t size = 0;
    bool standard_input = false; ///< clamscan prints `stdin: OK` under -o too
};

class Printer {
  public:
    /// Writes all of `bytes` to stdout; returns false when nobody reads any more (EPIPE).
    using Sink = std::function<bool(std::string_view bytes)>;
    Printer(PrintOptions options, std::optional<LogFile> log, Sink out, Sink err);

    /// A walk entry that is no scan: Excluded, Empty file, Symbolic link, Can't open …
    void entry(const Entry &entry);
    /// The line or lines of a scanned file.
    void result(const FileFacts &file, const Report &report);
    /// What was done with an infected file; an error line when it could not be done.
    void action(const ActionResult &result);
    void scanning(const std::string &path);
    void warning(const std::string &text); ///< `WARNING: TEXT`, text already escaped
    void error(const std::string &text);   ///< `ERROR: TEXT`, text already escaped
    /// Text of the summary, many lines, to stdout and the log.
    void summary(const std::string &text);
    /// clamscan's head of a log: an empty line, 79 dashes, an empty line.
    void log_header();

    /// Writes what is ready, lines of both streams in the order they came, in calls of whole lines
    /// and at most 4096 bytes (a write of PIPE_BUF to a pipe is never torn) unless one line is
    /// longer. False when stdout or stderr has nobody reading any more.
    [[nodiscard]] bool flush();
    [[nodiscard]] bool pending() const { return !queue_.empty(); }
    /// The first failure of the log, once; later lines are still tried.
    [[nodiscard]] std::optional<Error> take_log_error();

  private:
    enum class Stream { out, err };
    struct Block {
        Stream stream;
        std::string text; ///< whole lines
    };

    PrintOptions options_;
    std::optional<LogFile> log_;
    Sink sink_out_, sink_err_;
    std::vector<Block> queue_;
    std::optional<Error> log_error_;
    bool log_failed_ = false;

    void append(Stream stream, std::string_view text);
    void file_line(const std::string &path, const std::string &rest, bool logged = true);
    void line(const std::string &text, const std::string &logged);
    void to_log(const std::string &text);
    void diagnostic(const char *prefix, const std::string &text);
    void result_lines(const FileFacts &file, const Report &report);
    void found_lines(const FileFacts &file, const Report &report);
    void json_result(const FileFacts &file, const Report &report);
    void json_entry(const Entry &entry, const char *verdict, const std::string &reason);
    void record(const JsonObject &object);
    [[nodiscard]] bool shows_ok(const FileFacts &file, const Report &report) const;
    [[nodiscard]] bool shows_error(const Report &report) const;
    [[nodiscard]] std::string shown(const std::string &path) const;
    [[nodiscard]] bool write(const Block &block) const;
};

} // namespace hostav
